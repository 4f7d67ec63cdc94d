import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { countOption } from "./count.ts";
import { exactly } from "./quantizers.ts";
import { anyOf } from "./selections.ts";

export const randomK = define({
  name: "random-k",
  summary: "k entries drawn at random as float32: a seed says which; gamma = k/d",
  reference: "Stich, Cordonnier, Jaggi, NeurIPS 2018: sparsified SGD with memory",
  options: {
    k: countOption.default("1%").describe('how many entries: a number, or a part such as "1%"'),
  },
  examples: [{}, { k: 3 }, { k: "10%" }],
  create: ({ k }) => composed(anyOf(k), exactly),
});
