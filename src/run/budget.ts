import type { LoopStop } from "../engine/dispatcher.ts";
import type { Checkpoint, Totals } from "../journal/checkpoint.ts";
import type { MeteredCosts, TaskPrices } from "../journal/task-costs.ts";
import type { Compute } from "../ports/compute.ts";
import type { RunEvent } from "../ports/events.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { rounded, Spending } from "./spending.ts";

type WorkerCompute = Compute<WorkerTask, WorkerReply>;

/** A run's budget, in seconds and in dollars. */
export interface RunBudget {
  /** Takes every event of the run, in order: a metered reply ends its reservation. */
  record(event: RunEvent): void;
  /** Null, or why these tasks must not start: they would exceed the budget. */
  maySend(tasks: readonly WorkerTask[], totals: Totals): LoopStop | null;
  /** Null, or which budget is used up. */
  over(totals: Totals, elapsedMs: number): LoopStop | null;
  /** For the checkpoint; undefined without a budget of dollars. */
  costs(): MeteredCosts | undefined;
  /** A compute whose workers keep the limits that the budget counts on. */
  limits(inner: WorkerCompute): WorkerCompute;
}

export function openBudget(
  { seconds, dollars }: RunSpec["stop"],
  prices: TaskPrices<WorkerTask> | null,
  before: { readonly rounds: number; readonly checkpoint: Checkpoint<object> | null },
): RunBudget {
  let { rounds } = before;
  const { checkpoint } = before;
  const purse =
    dollars === undefined ? null : new Spending(dollars, prices, { costs: checkpoint?.costs });
  let refused = { boundUsd: 0, forecastUsd: 0 };
  const dollarStop = (meteredUsd: number): LoopStop => {
    const nextUsd = Math.max(refused.forecastUsd, purse!.roundUsd(rounds));
    const boundUsd = Math.max(nextUsd, refused.boundUsd);
    const reason =
      `stop.dollars: $${rounded(purse!.spentUsd(meteredUsd))} of $${dollars} are spent; one more ` +
      `round is forecast at $${rounded(nextUsd)} and may cost up to $${rounded(boundUsd)}`;
    return { kind: "budget", reason, nextUsd };
  };
  return {
    record(event) {
      if (event.type === "round") rounds++;
      if (event.type === "arrival") purse?.settle(event);
    },
    maySend(tasks, { costUsd }) {
      if (purse === null) return null;
      const wave = purse.reserve(tasks, costUsd);
      refused = wave;
      return wave.isOver ? dollarStop(costUsd) : null;
    },
    over({ costUsd }, elapsedMs) {
      if (purse !== null && purse.spentUsd(costUsd) >= dollars!) return dollarStop(costUsd);
      // Differences of clock readings round: the wake-up may come a moment early.
      if (seconds !== undefined && elapsedMs >= seconds * 1000 - 0.5)
        return { kind: "budget", reason: `stop.seconds: ${seconds} have passed` };
      return null;
    },
    costs: () => purse?.metered(),
    limits: (inner) => (purse === null || prices === null ? inner : limiting(inner, purse)),
  };
}

/** A compute whose tasks carry the limits of time that they were reserved with. */
function limiting(inner: WorkerCompute, purse: Spending<WorkerTask>): WorkerCompute {
  const { startAll } = inner;
  return {
    start: (task, deliver, isWanted) => inner.start(purse.limited(task), deliver, isWanted),
    ...(startAll !== undefined && {
      startAll: (tasks, receiver) =>
        startAll.call(
          inner,
          tasks.map((task) => purse.limited(task)),
          receiver,
        ),
    }),
    close: () => inner.close(),
  };
}
