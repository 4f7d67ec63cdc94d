import * as z from "zod";
import { units } from "./ledger/entry.ts";
import { type Adjacency, adjacencies } from "./release.ts";

const positive = z.number().positive().finite();

/** The `privacy` part of a spec. Without unit and adjacency epsilon means nothing: no defaults. */
export const privacySchema = z.strictObject({
  epsilon: positive.max(1_000).describe("the most that may be learned of anybody: the budget"),
  delta: z
    .number()
    .min(0)
    .lt(1)
    .describe("the chance that it is more; well below one over the number of records"),
  unit: z
    .enum(units)
    .describe("whose data are protected: a node's whole data, or a record of a node"),
  adjacency: z
    .enum(Object.keys(adjacencies) as [Adjacency, ...Adjacency[]])
    .describe(
      "how neighbouring data sets differ: replace-one, zero-out, or add-remove, under which each " +
        "record decides by itself where it goes, so that one less moves no other",
    ),
  clip: positive.describe("the norm that every record's gradient is clipped to; public"),
  noise: z
    .enum(["gaussian", "laplace"])
    .default("gaussian")
    .describe("gaussian, or laplace for delta 0: far more noise"),
  divisor: z
    .int()
    .min(1)
    .optional()
    .describe(
      "what a sum of gradients is divided by, a node's in gossip: a public number; the number of " +
        "rows where that is public, as under replace-one and zero-out",
    ),
  evaluate: z
    .union([z.boolean(), z.literal("test")])
    .default(false)
    .describe(
      "tell objective and metrics, which are computed from raw rows, so that nothing of them is " +
        "private: true for the data's owner only; test for metrics of the test rows alone, where " +
        "those are public",
    ),
});

export type PrivacyOptions = z.output<typeof privacySchema>;
