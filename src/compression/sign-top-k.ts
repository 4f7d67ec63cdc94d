import * as z from "zod";
import { define } from "../core/registry.ts";
import { composed } from "./composed.ts";
import { countOption } from "./count.ts";
import { signsOf } from "./quantizers.ts";
import { anyOf, largest } from "./selections.ts";

export const signTopK = define({
  name: "sign-top-k",
  summary: "the signs of the k entries of greatest magnitude, times one scale",
  reference: "Basu, Data, Karakus, Diggavi, NeurIPS 2019: Qsparse-local-SGD, SignTop_k",
  options: {
    k: countOption.default("1%").describe('how many entries: a number, or a part such as "1%"'),
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
    k: countOption.default("1%").describe('how many entries: a number, or a part such as "1%"'),
  },
  examples: [{}, { k: 3 }],
  create: ({ k }) => composed(anyOf(k), signsOf(1)),
});
