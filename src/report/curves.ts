import { finiteOrNull } from "../core/json.ts";
import type { CoefficientCurves, Curve, CurvePoint, Metric } from "./data.ts";
import type { History } from "./history.ts";
import { downsample } from "./statistics.ts";

const curvePointsMax = 2_000;
/** Which metric a run is judged by where it reports several. */
const preferred = ["accuracy", "rmse", "auc", "f1", "r2", "logloss", "mae"];

/** The metric a run is judged by, on the test rows where there are any. */
export function metricOf(history: History): Metric | null {
  const metrics = history.result?.metrics ?? history.evaluated[history.evaluated.length - 1];
  if (metrics === undefined) return null;
  const of = Object.keys(metrics.test).length > 0 ? "test" : "train";
  const names = Object.keys(metrics[of]);
  const name = preferred.find((candidate) => names.includes(candidate)) ?? names[0];
  return name === undefined ? null : { name, of, value: finiteOrNull(metrics[of][name]) };
}

/**
 * Objective and metric as training went on. The original problem's objective where it was
 * evaluated; else the estimate of each round, which is of the weights that the round began with.
 */
export function curveOf(history: History): Curve {
  const metric = metricOf(history);
  const evaluated = history.evaluated.map(
    (event): CurvePoint => ({
      round: event.round,
      seconds: event.atMs / 1000,
      objective: finiteOrNull(event.objective),
      metric: metric === null ? null : finiteOrNull(event[metric.of][metric.name]),
    }),
  );
  if (evaluated.length >= 2 || history.rounds.length < evaluated.length)
    return curve("evaluated", evaluated);
  const estimated = history.rounds.map(
    ({ event }): CurvePoint => ({
      round: event.round,
      seconds: event.startedMs / 1000,
      objective: finiteOrNull(event.objectiveEstimate),
      metric: null,
    }),
  );
  return curve("estimated", estimated);
}

function curve(source: Curve["source"], points: readonly CurvePoint[]): Curve {
  const thinned = downsample(points, curvePointsMax, (point) => point.objective);
  return { source, pointsTotal: points.length, points: thinned };
}

const coefficientPointsMax = 400;
const namesMax = 12;

/** What an optimizer learned about itself, round by round; null where it learned nothing. */
export function coefficientsOf({ rounds }: History): CoefficientCurves | null {
  const learned = rounds.filter(({ event }) => event.coefficients !== undefined);
  const names = Object.keys(learned.at(-1)?.event.coefficients ?? {}).slice(0, namesMax);
  if (names.length === 0) return null;
  const points = learned.map(({ event }) => ({
    round: event.round,
    values: names.map((name) => finiteOrNull(event.coefficients![name])),
  }));
  return { names, points: downsample(points, coefficientPointsMax, ({ values }) => values[0]!) };
}
