import type { CoefficientCurves } from "./data.ts";
import { downsample } from "./downsample.ts";
import type { History } from "./history.ts";
import { finiteOrNull } from "./statistics.ts";

const pointsMax = 400;
const namesMax = 12;

/** What an optimizer learned about itself, round by round; null where it learned nothing. */
export function coefficientsOf({ rounds }: History): CoefficientCurves | null {
  const told = rounds.filter(({ event }) => event.coefficients !== undefined);
  const names = Object.keys(told.at(-1)?.event.coefficients ?? {}).slice(0, namesMax);
  if (names.length === 0) return null;
  const points = told.map(({ event }) => ({
    round: event.round,
    values: names.map((name) => finiteOrNull(event.coefficients![name])),
  }));
  return { names, points: downsample(points, pointsMax, ({ values }) => values[0]!) };
}
