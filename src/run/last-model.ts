import type { Prepared } from "../data/manifests.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { ResultEvent } from "../ports/events.ts";
import type { ModelFigures } from "../ports/model-figures.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import { relativeDualityGap } from "./duality-gap.ts";
import { modelFigures } from "./model-figures.ts";
import { readWeights } from "./model-weights.ts";
import type { PartsPool } from "./parts-pool.ts";
import type { SegmentEnd } from "./segment.ts";

/** What is told of a run's last model alone. */
export interface LastModel {
  readonly figures: Pick<ResultEvent, "figures">;
  /** How far above the optimum it is at most; null where there is no such bound. */
  readonly gap: number | null;
}

interface LastModelOf {
  readonly prepared: Prepared;
  readonly end: Pick<SegmentEnd, "stop" | "model">;
  readonly store: Store;
  readonly pool: PartsPool | undefined;
}

/** Both at once where there are threads; else one after the other, as each holds a part of rows. */
export async function lookAtLastModel(
  record: Pick<RunRecord, "spec">,
  of: LastModelOf,
  problem: Problem,
): Promise<LastModel> {
  // Of two threads' work the longer one begins first.
  const gap = gapOf(record, of, problem);
  if (of.pool === undefined) await gap;
  const figures = figuresOf(record, of, problem);
  const [told, bound] = await Promise.all([figures, gap]);
  return { figures: told === null ? {} : { figures: told }, gap: bound };
}

/** How good predictions are, from raw rows as metrics are: a private run asks for both. */
async function figuresOf(
  { spec }: Pick<RunRecord, "spec">,
  { prepared, end, store, pool }: LastModelOf,
  problem: Problem,
): Promise<ModelFigures | null> {
  const open = spec.privacy === undefined || spec.privacy.evaluate;
  if (open === false || (open === "test" && prepared.testRows === 0)) return null;
  const weights = await readWeights(store, end.model);
  const byThread = pool?.figures({ prepared, problem: spec.problem, weights }) ?? null;
  return byThread ?? modelFigures(store, prepared, problem, weights);
}

/** Null before the end, and for private runs, whose budget decides how many rounds they take. */
async function gapOf(
  { spec }: Pick<RunRecord, "spec">,
  { prepared, end, store, pool }: LastModelOf,
  problem: Problem,
): Promise<number | null> {
  const { stop, model } = end;
  if (stop.kind !== "done" || spec.privacy !== undefined) return null;
  const byThread =
    model.kind === "whole"
      ? (pool?.gap({ prepared, problem: spec.problem, weights: model.weights }) ?? null)
      : null;
  return byThread ?? relativeDualityGap(store, prepared, problem, () => readWeights(store, model));
}
