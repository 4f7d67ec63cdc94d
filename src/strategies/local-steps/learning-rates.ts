import * as z from "zod";

/** How long steps are. */
export const learningRateOption = z
  .union(
    [
      z.number().positive(),
      z.strictObject({
        schedule: z.literal("inverse"),
        scale: z.number().positive().describe("c of c / (a + t)"),
        shift: z.number().positive().describe("a of c / (a + t), of the order of H d / k"),
      }),
    ],
    "expected a number or { schedule: inverse, scale: 8, shift: 200 }",
  )
  .default(0.1)
  .describe(
    "the length of a local step: a number, or { schedule: inverse, scale: c, shift: a } for " +
      "c / (a + t) at step t",
  );

export type LearningRate = z.output<typeof learningRateOption>;

/** Of `count` steps, `from` steps having been taken before. */
export function learningRatesFrom(
  rate: LearningRate,
  from: number,
  count: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: count }, (_, h) =>
    typeof rate === "number" ? rate : rate.scale / (rate.shift + from + h),
  );
}

/**
 * Of the steps that go on from an update. The schedule counts the steps of one worker's way: where
 * every reply is an update of its own, as many of them as there are workers are one turn.
 */
export function ratesOfTurn(
  { rate, steps, asynchronous, parts }: TurnPlan,
  version: number,
): Float64Array<ArrayBuffer> {
  const turns = asynchronous ? version / parts.length : version;
  return learningRatesFrom(rate, turns * steps, steps);
}

interface TurnPlan {
  readonly rate: LearningRate;
  /** H. */
  readonly steps: number;
  readonly asynchronous: boolean;
  /** One a worker. */
  readonly parts: readonly number[];
}
