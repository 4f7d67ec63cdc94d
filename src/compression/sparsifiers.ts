import * as z from "zod";
import { define } from "../core/registry.ts";
import { composed } from "./compressor.ts";
import { exactly, levelsOptions, signsOf, stochasticLevels } from "./quantizers.ts";
import { anyOf, countOption, largest } from "./selections.ts";

const k = countOption.default("1%").describe('how many entries: a number, or a part such as "1%"');

export const topK = define({
  name: "top-k",
  summary: "the k entries of greatest magnitude as float32; gamma = k/d",
  reference: "Stich, Cordonnier, Jaggi, NeurIPS 2018: sparsified SGD with memory",
  options: {
    k,
  },
  examples: [{}, { k: 3 }, { k: "10%" }],
  create: ({ k }) => composed(largest(k), exactly),
});

export const randomK = define({
  name: "random-k",
  summary: "k entries drawn at random as float32: a seed says which; gamma = k/d",
  reference: "Stich, Cordonnier, Jaggi, NeurIPS 2018: sparsified SGD with memory",
  options: {
    k,
  },
  examples: [{}, { k: 3 }, { k: "10%" }],
  create: ({ k }) => composed(anyOf(k), exactly),
});

export const signTopK = define({
  name: "sign-top-k",
  summary: "the signs of the k entries of greatest magnitude, times one scale",
  reference: "Basu, Data, Karakus, Diggavi, NeurIPS 2019: Qsparse-local-SGD, SignTop_k",
  options: {
    k,
    norm: z
      .union([z.literal(1), z.literal(2)])
      .default(1)
      .describe("m of the scale |h|_m / k; with 1 it is the mean magnitude, which is nearest"),
    scale: z
      .enum(["float32", "byte"])
      .default("float32")
      .describe("how the scale travels: exactly, or in one byte and at most 4.5 % off"),
  },
  examples: [{}, { k: 3 }, { k: 4, norm: 2 }, { k: 3, scale: "byte" }],
  create: ({ k, norm, scale }) => composed(largest(k), signsOf(norm, scale === "byte")),
});

export const signRandomK = define({
  name: "sign-random-k",
  summary: "the signs of k entries drawn at random, times their mean magnitude",
  reference: "Basu, Data, Karakus, Diggavi, NeurIPS 2019: Qsparse-local-SGD, SignRand_k",
  options: {
    k,
  },
  examples: [{}, { k: 3 }],
  create: ({ k }) => composed(anyOf(k), signsOf(1)),
});

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
