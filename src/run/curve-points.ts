import type { Prepared } from "../data/manifests.ts";
import type { ModelTrace } from "../journal/checkpoint.ts";
import type { Problem } from "../problems/problem.ts";

/** Points on the curve of objective and metrics; more would cost more than they show. */
export const curvePointsMax = 80;
const curvePointsMin = 12;
/** Products of stored numbers over all points while somebody waits: about a second. */
const awaitedProductsMax = 2 ** 29;
/** Rows through a network, over all points: a forward pass is many products a row. */
const networkRowsMax = 40_000;

/**
 * The models of a run that are evaluated, the first and the last among them; of a run that was
 * interrupted few, as somebody waits for its end.
 */
export function curvePoints(
  points: readonly ModelTrace[],
  problem: Pick<Problem, "parameters">,
  prepared: Pick<Prepared, "rows" | "testRows" | "columns">,
  isAwaited = false,
): ModelTrace[] {
  const countMax = countFor(problem, prepared, isAwaited);
  if (countMax === 1) return points.slice(-1);
  const rounds = new Map(points.map((point) => [point.round, point]));
  const distinct = [...rounds.values()];
  if (distinct.length <= countMax) return distinct;
  const kept = new Set<ModelTrace>();
  for (let i = 0; i < countMax; i++)
    kept.add(distinct[Math.round((i * (distinct.length - 1)) / (countMax - 1))]!);
  return [...kept];
}

function countFor(
  { parameters }: Pick<Problem, "parameters">,
  { rows, testRows, columns }: Pick<Prepared, "rows" | "testRows" | "columns">,
  isAwaited: boolean,
): number {
  const affordable = Math.floor(networkRowsMax / (rows + testRows));
  const usual =
    parameters === undefined
      ? curvePointsMax
      : Math.min(curvePointsMax, Math.max(curvePointsMin, affordable));
  if (!isAwaited) return usual;
  const quick =
    parameters === undefined ? Math.floor(awaitedProductsMax / (rows * columns)) : affordable;
  return Math.min(usual, Math.max(1, quick));
}
