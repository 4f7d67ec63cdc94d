import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { levelsOptions } from "./levels-options.ts";
import { stochasticLevels } from "./quantizers.ts";
import { everything } from "./selections.ts";

export const qsgd = define({
  name: "qsgd",
  summary: "every entry rounded at random to one of s parts of the norm; zeros are not sent",
  reference: "Alistarh, Grubic, Li, Tomioka, Vojnovic, NeurIPS 2017",
  options: levelsOptions(16),
  examples: [{}, { levels: 4 }, { levels: 64, scaled: false }],
  create: ({ levels, scaled }) => composed(everything, stochasticLevels(levels, scaled)),
});
