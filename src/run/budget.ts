import { messageOf } from "../core/errors.ts";
import type { LoopStop } from "../engine/dispatcher.ts";
import type { Checkpoint, Totals } from "../journal/checkpoint.ts";
import type { MeteredCosts, TaskPrices } from "../journal/task-costs.ts";
import { type Compute, type Deliver, noUsage, spared } from "../ports/compute.ts";
import type { RunEvent } from "../ports/events.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerReply, WorkerTask } from "../tasks/protocol.ts";
import { rounded, Spending } from "./spending.ts";
import type { SpendingGrant } from "./spending-grant.ts";

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
  /**
   * A compute whose workers keep the limits that the budget counts on, and whose tasks start once
   * the dollars for them are noted in the store.
   */
  limits(inner: WorkerCompute, totals: () => Pick<Totals, "costUsd">): WorkerCompute;
  /** Notes what was spent, once the checkpoint tells of it. */
  settle(totals: Pick<Totals, "costUsd">): Promise<void>;
}

export function openBudget(
  { seconds, dollars }: RunSpec["stop"],
  prices: TaskPrices<WorkerTask> | null,
  before: {
    readonly rounds: number;
    readonly checkpoint: Pick<Checkpoint<object>, "costs" | "totals"> | null;
    /** Null where nothing is really paid, or nobody can be killed. */
    readonly grant?: SpendingGrant | null;
  },
): RunBudget {
  let { rounds } = before;
  const { checkpoint, grant = null } = before;
  // What was granted and is in no checkpoint may have been spent all the same.
  const besidesUsd = Math.max(0, (grant?.beforeUsd ?? 0) - (checkpoint?.totals.costUsd ?? 0));
  const purse =
    dollars === undefined
      ? null
      : new Spending(dollars, prices, { costs: checkpoint?.costs, besidesUsd });
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
    maySend(tasks, { costUsd }: Pick<Totals, "costUsd">) {
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
    limits(inner, totals) {
      if (purse === null || prices === null) return inner;
      const limited = limiting(inner, purse);
      if (grant === null) return limited;
      return granting(limited, grant, () => purse.committedUsd(totals().costUsd));
    },
    async settle({ costUsd }) {
      if (purse !== null) await grant?.settle(purse.committedUsd(costUsd));
    },
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

/** A compute whose tasks start once what they may cost, with all before them, is granted. */
function granting(
  inner: WorkerCompute,
  grant: SpendingGrant,
  committedUsd: () => number,
): WorkerCompute {
  const { startAll } = inner;
  const lost = (thrown: unknown) =>
    ({ kind: "lost", reason: `its dollars could not be noted: ${messageOf(thrown)}` }) as const;
  return {
    start(task, deliver, isWanted) {
      const usd = committedUsd();
      if (grant.covers(usd)) return inner.start(task, deliver, isWanted);
      grant.extend(usd).then(
        () =>
          isWanted?.() === false ? deliver(spared, noUsage) : inner.start(task, deliver, isWanted),
        (thrown: unknown) => deliver(lost(thrown), noUsage),
      );
    },
    ...(startAll !== undefined && {
      startAll(tasks, receiver) {
        const usd = committedUsd();
        if (grant.covers(usd)) return startAll.call(inner, tasks, receiver);
        const all = (outcome: Parameters<Deliver<WorkerReply>>[0]) => {
          for (const index of tasks.keys()) receiver.deliver(index, outcome, noUsage);
        };
        const isWanted = () => [...tasks.keys()].some((index) => receiver.isWanted(index));
        grant.extend(usd).then(
          () => (isWanted() ? startAll.call(inner, tasks, receiver) : all(spared)),
          (thrown: unknown) => all(lost(thrown)),
        );
      },
    }),
    close: () => inner.close(),
  };
}
