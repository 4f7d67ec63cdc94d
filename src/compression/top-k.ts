import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { countOption } from "./count.ts";
import { exactly } from "./quantizers.ts";
import { largest } from "./selections.ts";

export const topK = define({
  name: "top-k",
  summary: "the k entries of greatest magnitude as float32; gamma = k/d",
  reference: "Stich, Cordonnier, Jaggi, NeurIPS 2018: sparsified SGD with memory",
  options: {
    k: countOption.default("1%").describe('how many entries: a number, or a part such as "1%"'),
  },
  examples: [{}, { k: 3 }, { k: "10%" }],
  create: ({ k }) => composed(largest(k), exactly),
});
