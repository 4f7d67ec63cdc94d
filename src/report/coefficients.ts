import type { Coefficients } from "./data.ts";
import type { History } from "./history.ts";
import { finite } from "./statistics.ts";
import { thin } from "./thin.ts";

const pointsMax = 400;
const namesMax = 12;

/** What an optimizer learned about itself, round by round; null where it learned nothing. */
export function coefficientsOf({ rounds }: History): Coefficients | null {
  const told = rounds.filter(({ event }) => event.coefficients !== undefined);
  const names = Object.keys(told.at(-1)?.event.coefficients ?? {}).slice(0, namesMax);
  if (names.length === 0) return null;
  const points = told.map(({ event }) => ({
    round: event.round,
    values: names.map((name) => finite(event.coefficients![name])),
  }));
  return { names, points: thin(points, pointsMax, ({ values }) => values[0]!) };
}
