import type { Prepared } from "../data/manifests.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { ModelRef } from "../ports/model-ref.ts";
import { hasOwnMetrics } from "../problems/own-metrics.ts";
import { problems } from "../problems/registry.ts";
import { curvePointsMax } from "./curve-points.ts";
import { weightsDigest } from "./model-weights.ts";
import type { ModelMeasures, PartsPool } from "./parts-pool.ts";

/** The curve's models, evaluated by other threads while the run goes on. */
export interface CurveAhead {
  /** The model of a round that is over. */
  take(round: number, model: ModelRef): void;
  /** What was found of some weights, once it is; null where nobody looked. */
  of(weights: Float32Array<ArrayBuffer>): Promise<ModelMeasures | null>;
}

/** More are not under way at once: who ends the run would wait for them. */
const underWayMax = 4;

/**
 * Of a run that takes all its rounds it is known which models its curve will have; of one that
 * stops by itself the first ones are taken for that, so many as a curve has. Undefined where what
 * evaluates at the end must do it alone.
 */
export function curveAhead(
  { spec }: Pick<RunRecord, "spec">,
  prepared: Prepared,
  pool: PartsPool,
): CurveAhead | undefined {
  const open = spec.privacy === undefined || spec.privacy.evaluate;
  if (open === false || hasOwnMetrics(problems.create(spec.problem))) return undefined;
  const found = new Map<string, Promise<ModelMeasures | null>>();
  const isLikely = likelyPoints(spec.stop);
  let underWay = 0;
  return {
    take(round, model) {
      if (model.kind !== "whole" || underWay >= underWayMax || !isLikely(round)) return;
      const { weights } = model;
      const digest = weightsDigest(weights);
      if (found.has(digest)) return;
      const of = { prepared, problem: spec.problem, weights };
      const asked = pool.measures(of, open === "test" ? "test" : "all");
      if (asked === null) return;
      underWay++;
      // What fails here is asked for again at the end, and told then.
      found.set(
        digest,
        asked.catch(() => null).finally(() => void underWay--),
      );
    },
    async of(weights) {
      return (await found.get(weightsDigest(weights))) ?? null;
    },
  };
}

function likelyPoints({
  rounds,
  tolerance,
}: RunRecord["spec"]["stop"]): (round: number) => boolean {
  if (tolerance > 0 || rounds < curvePointsMax) return (round) => round < curvePointsMax;
  const points = new Set<number>();
  for (let i = 0; i < curvePointsMax; i++)
    points.add(Math.round((i * rounds) / (curvePointsMax - 1)));
  return (round) => points.has(round);
}
