import * as z from "zod";

const milliseconds = z
  .union([
    z.number().positive(),
    z
      .string()
      .regex(/^\d+(\.\d+)?\s*(ms|s|min)$/, 'expected a duration such as "800ms", "2s" or "1min"')
      .transform((text) => {
        const unit = { ms: 1, s: 1000, min: 60_000 }[text.replace(/[\d.\s]/g, "")] ?? 1;
        return Number.parseFloat(text) * unit;
      }),
  ])
  .describe('a duration: milliseconds, or text such as "800ms" or "2s"');

const quorums = [
  z.literal("all"),
  z.strictObject({ fastest: z.int().min(1) }),
  z.strictObject({ deadline: milliseconds, atLeast: z.int().min(1) }),
] as const;

export const adaptiveSchema = z.strictObject({
  rule: z
    .enum(["gain", "deadline", "disagreement"])
    .default("gain")
    .describe("how k is chosen: progress over time, a learned deadline, or gradients at odds"),
  atLeast: z.int().min(1).optional().describe("never fewer replies than this"),
  step: z.number().gt(0).lt(2).default(1).describe("gain: the step as a multiple of 1/L"),
  factor: z
    .number()
    .min(1)
    .max(100)
    .default(1.5)
    .describe("deadline: the multiple of the usual median reply's time"),
  threshold: z
    .int()
    .min(1)
    .default(4)
    .describe("disagreement: so many more rounds at odds than in line raise k"),
});

const copiesSchema = z.strictObject({
  after: z.number().gt(0).max(1).default(0.75).describe("the share of replies that comes first"),
  factor: z
    .number()
    .min(1)
    .max(100)
    .default(1.5)
    .describe("copies are made of tasks that run longer than this multiple of the median"),
  minimum: milliseconds.default(100).describe("no task that ran for less is copied"),
  quorum: z
    .union(quorums, "expected all, { fastest: 12 } or { deadline: 800ms, atLeast: 9 }")
    .default("all")
    .describe("whom a round waits for"),
});

/** When a quorum is complete, as a spec says it. */
export const waitSchema = z
  .union(
    [
      ...quorums,
      z.literal("adaptive"),
      z.strictObject({ adaptive: adaptiveSchema }),
      z.strictObject({ speculate: copiesSchema }),
      z.strictObject({
        rule: z.string().describe("a rule that the program registered"),
        options: z.record(z.string(), z.unknown()).default({}).describe("the rule's own options"),
      }),
    ],
    "expected all, { fastest: 12 }, { deadline: 800ms, atLeast: 9 }, adaptive, " +
      "{ adaptive: { rule: gain } } or { speculate: { after: 0.75 } }",
  )
  .describe(
    "whom a round waits for: all, { fastest: k }, { deadline: 800ms, atLeast: k }, adaptive, " +
      "{ adaptive: { rule: ... } }, or { speculate: { after: 0.75, factor: 1.5, quorum: all } }",
  );

export type Wait = z.output<typeof waitSchema>;

/** Kinds of waits, by what they need: gradients to choose k by, reply times, or nothing. */
export type WaitKind =
  | "all"
  | "fastest"
  | "deadline"
  | "speculate"
  | "adaptive deadline"
  | "adaptive k";

export function waitKindOf(wait: Wait): WaitKind {
  if (wait === "all") return wait;
  if (wait === "adaptive") return "adaptive k";
  if ("adaptive" in wait)
    return wait.adaptive.rule === "deadline" ? "adaptive deadline" : "adaptive k";
  if ("speculate" in wait) return "speculate";
  // What a program's own rule learns, it learns from replies.
  if ("rule" in wait) return "adaptive deadline";
  return "fastest" in wait ? "fastest" : "deadline";
}
