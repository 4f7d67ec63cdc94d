import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { levelsOptions } from "./levels-options.ts";
import { stochasticInterval } from "./quantizers.ts";
import { everything } from "./selections.ts";

export const sLevel = define({
  name: "s-level",
  summary: "every entry rounded at random to one of s + 1 marks from the least to the greatest",
  reference: "Suresh, Yu, Kumar, McMahan, ICML 2017: stochastic k-level quantization",
  options: levelsOptions(15),
  examples: [{}, { levels: 1 }, { levels: 255, scaled: false }],
  create: ({ levels, scaled }) => composed(everything, stochasticInterval(levels, scaled)),
});
