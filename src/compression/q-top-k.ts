import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { countOption } from "./count.ts";
import { levelsOptions } from "./levels-options.ts";
import { stochasticLevels } from "./quantizers.ts";
import { anyOf, largest } from "./selections.ts";

const k = countOption.default("1%").describe('how many entries: a number, or a part such as "1%"');

export const qTopK = define({
  name: "q-top-k",
  summary: "the k entries of greatest magnitude, rounded at random to s parts of their norm",
  reference: "Basu, Data, Karakus, Diggavi, NeurIPS 2019: Qsparse-local-SGD, QTop_k",
  options: { k, ...levelsOptions(256) },
  examples: [{}, { k: 3, levels: 4 }, { k: 3, levels: 4, scaled: false }, { k: 8, levels: 1 }],
  create: (options) =>
    composed(largest(options.k), stochasticLevels(options.levels, options.scaled)),
});

export const qRandomK = define({
  name: "q-random-k",
  summary: "k entries drawn at random, rounded at random to s parts of their norm",
  reference: "Basu, Data, Karakus, Diggavi, NeurIPS 2019: Qsparse-local-SGD, QRand_k",
  options: { k, ...levelsOptions(256) },
  examples: [{}, { k: 3, levels: 4 }],
  create: (options) => composed(anyOf(options.k), stochasticLevels(options.levels, options.scaled)),
});
