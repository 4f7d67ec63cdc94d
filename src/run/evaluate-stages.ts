import type { Prepared } from "../data/manifests.ts";
import { runLoop } from "../engine/loop.ts";
import type { Totals } from "../journal/checkpoint.ts";
import type { RunRecord } from "../journal/run-record.ts";
import type { Clock } from "../ports/clock.ts";
import type { Compute } from "../ports/compute.ts";
import type { ModelRef } from "../ports/model-ref.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import { RocAuc } from "../problems/roc-auc.ts";
import { withTwoClassMetrics } from "../problems/two-class-metrics.ts";
import type { RowTally, StagedEvaluation } from "../strategies/definition.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { releasingCompute } from "../worker/objects.ts";
import type { RunBudget } from "./budget.ts";
import type { CurveAhead } from "./curve-ahead.ts";
import { type Evaluation, evaluateModels } from "./evaluate.ts";
import type { PartsPool } from "./parts-pool.ts";
import type { SegmentEnd } from "./segment.ts";

/** Evaluations of models by tasks, and what these have cost. */
export interface StagedEvaluations {
  readonly evaluations: readonly Evaluation[];
  readonly cost: Pick<Totals, "costUsd" | "bytesUp" | "bytesDown">;
}

/**
 * Evaluates models by tasks: the orchestrator reads neither rows nor weights. Null where the tasks
 * were not answered for as long as the run has patience, or are beyond its budget of dollars.
 */
export async function evaluateStaged(
  { strategy, tallies }: StagedEvaluation,
  { problem, prepared }: { readonly problem: Problem; readonly prepared: Prepared },
  ports: {
    readonly store: Store;
    readonly clock: Clock;
    readonly compute: Compute<WorkerTask, WorkerReply>;
    readonly run: string;
    /** The run's, and what it has spent already. */
    readonly budget: RunBudget;
    readonly totals: Totals;
  },
): Promise<StagedEvaluations | null> {
  const cost = { costUsd: 0, bytesUp: 0, bytesDown: 0 };
  const { store, clock, compute, run, budget, totals } = ports;
  const spent = () => ({ ...totals, costUsd: totals.costUsd + cost.costUsd });
  const end = await runLoop(strategy, {
    compute: budget.limits(releasingCompute(compute, store, run), spent),
    clock,
    emit(event) {
      if (event.type !== "arrival") return;
      budget.record(event);
      cost.costUsd += event.usage.costUsd;
      cost.bytesUp += event.usage.bytesUp;
      cost.bytesDown += event.usage.bytesDown;
    },
    save: () => undefined,
    mayStop: () => null,
    maySend: (tasks) => budget.maySend(tasks, spent()),
  });
  await budget.settle(spent());
  if (end.stop.kind !== "done") return null;
  const evaluations = tallies(end.state).map(({ train, test, penalty }): Evaluation => {
    const tested = test !== null && prepared.testRows > 0 ? metricsOf(problem, test).metrics : {};
    if (train === null) return { objective: Number.NaN, train: {}, test: tested };
    const { meanLoss, metrics } = metricsOf(problem, train);
    return { objective: meanLoss + penalty, train: metrics, test: tested };
  });
  return { evaluations, cost };
}

function metricsOf(problem: Problem, { tally, scores, classes }: RowTally) {
  const { meanLoss, metrics } = problem.metrics(tally);
  const area = new RocAuc();
  area.addAll(scores, classes);
  return { meanLoss, metrics: withTwoClassMetrics(metrics, area) };
}

/** Evaluates models by tasks; null where nobody answers, or nobody is to be asked. */
export type Evaluate = (
  problem: Problem,
  models: readonly ModelRef[],
  rows: "all" | "test",
) => Promise<StagedEvaluations | null>;

const untold = { objective: Number.NaN, train: {}, test: {} };

/**
 * Evaluates a run's models, and adds up what that has cost. Objective and metrics come from raw
 * rows: a private run does not publish them.
 */
export async function evaluateRun(
  { spec }: RunRecord,
  prepared: Prepared,
  { totals }: SegmentEnd,
  store: Store,
  of: {
    problem: Problem;
    models: readonly ModelRef[];
    evaluate: Evaluate | undefined;
    pool: PartsPool | undefined;
    ahead: CurveAhead | undefined;
  },
): Promise<{ evaluations: readonly Evaluation[]; totals: Totals }> {
  const { problem, models, evaluate, pool, ahead } = of;
  const open = spec.privacy === undefined || spec.privacy.evaluate;
  const rows = open === "test" ? "test" : "all";
  const nothing = { evaluations: models.map(() => untold), totals };
  if (open === false) return nothing;
  if (evaluate === undefined) {
    const on = { store, prepared, chosen: spec.problem, pool, ahead };
    return { evaluations: await evaluateModels(on, problem, models, rows), totals };
  }
  const byTasks = await evaluate(problem, models, rows);
  if (byTasks === null) return nothing;
  const { evaluations, cost } = byTasks;
  const added = {
    costUsd: totals.costUsd + cost.costUsd,
    bytesUp: totals.bytesUp + cost.bytesUp,
    bytesDown: totals.bytesDown + cost.bytesDown,
  };
  return { evaluations, totals: { ...totals, ...added } };
}
