import type { LoopStop } from "../engine/dispatcher.ts";
import type { Checkpoint, Totals } from "../journal/checkpoint.ts";
import type { MeteredCosts, TaskPrices } from "../journal/task-costs.ts";
import type { RunEvent } from "../ports/events.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerTask } from "../tasks/protocol.ts";
import { rounded, Spending } from "./spending.ts";

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
}

export function openBudget(
  { seconds, dollars }: RunSpec["stop"],
  prices: TaskPrices<WorkerTask> | null,
  before: { readonly rounds: number; readonly checkpoint: Checkpoint<object> | null },
): RunBudget {
  let { rounds } = before;
  const { checkpoint } = before;
  const purse =
    dollars === undefined ? null : new Spending(dollars, prices, checkpoint?.costs ?? {});
  let waveUsd = 0;
  const dollarStop = (spentUsd: number): LoopStop => {
    const nextUsd = Math.max(waveUsd, purse!.roundUsd(rounds));
    const reason =
      `stop.dollars: $${rounded(spentUsd)} of $${dollars} are spent, and one more round is ` +
      `forecast at $${rounded(nextUsd)}`;
    return { kind: "budget", reason, nextUsd };
  };
  return {
    record(event) {
      if (event.type === "round") rounds++;
      if (event.type === "arrival") purse?.settle(event);
    },
    maySend(tasks, { costUsd }) {
      if (purse === null) return null;
      const { isOver, usd } = purse.reserve(tasks, costUsd);
      waveUsd = usd;
      return isOver ? dollarStop(costUsd) : null;
    },
    over({ costUsd }, elapsedMs) {
      if (dollars !== undefined && costUsd >= dollars) return dollarStop(costUsd);
      // Differences of clock readings round: the wake-up may come a moment early.
      if (seconds !== undefined && elapsedMs >= seconds * 1000 - 0.5)
        return { kind: "budget", reason: `stop.seconds: ${seconds} have passed` };
      return null;
    },
    costs: () => purse?.metered(),
  };
}
