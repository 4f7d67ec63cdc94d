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
