import * as z from "zod";
import { RunError } from "../../core/errors.ts";

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

/** When a quorum is complete, as a spec says it. */
export const waitSchema = z
  .union(
    [
      z.literal("all"),
      z.strictObject({ fastest: z.int().min(1) }),
      z.strictObject({ deadline: milliseconds, atLeast: z.int().min(1) }),
    ],
    "expected all, { fastest: 12 } or { deadline: 800ms, atLeast: 9 }",
  )
  .describe("whom a round waits for: all, { fastest: k }, or { deadline: 800ms, atLeast: k }");

export type Wait = z.output<typeof waitSchema>;

/** The rule for a number of workers. Throws `RunError` where it asks for more than there are. */
export function waitRule(wait: Wait, workers: number): WaitRule {
  const rule = ruleOf(wait, workers);
  if (rule.needed > workers) {
    throw new RunError(
      "quorum-too-large",
      `wait: ${rule.needed} replies are asked for, but there are ${workers} workers`,
      { hint: `ask for at most ${workers}, or raise workers` },
    );
  }
  return rule;
}

/** Pure: how many replies are needed, and from when on no more are waited for. */
export interface WaitRule {
  /** Below this many replies nothing moves. */
  readonly needed: number;
  /** With this many it closes at once. */
  readonly enough: number;
  /** After this long it closes as soon as `needed` are there. */
  readonly deadlineMs: number;
  readonly inWords: string;
}

function ruleOf(wait: Wait, workers: number): WaitRule {
  if (wait === "all") {
    const inWords = `all ${workers}`;
    return { needed: workers, enough: workers, deadlineMs: Number.POSITIVE_INFINITY, inWords };
  }
  if ("fastest" in wait) {
    const { fastest } = wait;
    const inWords = `fastest ${fastest} of ${workers}`;
    return { needed: fastest, enough: fastest, deadlineMs: Number.POSITIVE_INFINITY, inWords };
  }
  const { deadline, atLeast } = wait;
  const inWords = `${deadline} ms, at least ${atLeast} of ${workers}`;
  return { needed: atLeast, enough: workers, deadlineMs: deadline, inWords };
}
