import * as z from "zod";

const positive = z.number().positive().finite();

/** The public convex set that states are projected on. */
export const regionSchema = z.union(
  [
    z.strictObject({ ball: positive }),
    z
      .strictObject({ box: z.tuple([z.number(), z.number()]) })
      .refine(({ box: [low, high] }) => low < high, "expected box: [low, high], low below high"),
  ],
  "expected { ball: radius } or { box: [low, high] }",
);

export type Region = z.output<typeof regionSchema>;

/** The nearest point of the region, in place. Never moves two points apart. */
export function project(region: Region, values: Float64Array<ArrayBuffer>) {
  if ("box" in region) {
    const [low, high] = region.box;
    for (let j = 0; j < values.length; j++) values[j] = Math.min(high, Math.max(low, values[j]!));
    return values;
  }
  let squares = 0;
  for (const value of values) squares += value * value;
  const length = Math.sqrt(squares);
  if (length <= region.ball) return values;
  for (let j = 0; j < values.length; j++) values[j]! *= region.ball / length;
  return values;
}

/** The largest norm within. */
export function largestNorm(region: Region, dimension: number): number {
  if ("ball" in region) return region.ball;
  return Math.sqrt(dimension) * Math.max(...region.box.map(Math.abs));
}
