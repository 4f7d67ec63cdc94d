import type { Prepared } from "../data/manifests.ts";
import type { ModelTrace } from "../journal/checkpoint.ts";
import type { Problem } from "../problems/problem.ts";

/** Points on the curve of objective and metrics; more would cost more than they show. */
const curvePointsMax = 80;
const curvePointsMin = 12;
/** Rows through a network, over all points: a forward pass is many products a row. */
const networkRowsMax = 40_000;

/** The models of a run that are evaluated, the first and the last among them. */
export function curvePoints(
  points: readonly ModelTrace[],
  problem: Pick<Problem, "parameters">,
  prepared: Pick<Prepared, "rows" | "testRows">,
): ModelTrace[] {
  const countMax = countFor(problem, prepared);
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
  { rows, testRows }: Pick<Prepared, "rows" | "testRows">,
): number {
  if (parameters === undefined) return curvePointsMax;
  const affordable = Math.floor(networkRowsMax / (rows + testRows));
  return Math.min(curvePointsMax, Math.max(curvePointsMin, affordable));
}
