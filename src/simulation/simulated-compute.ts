import { messageOf } from "../core/errors.ts";
import { type BilledInvocation, bounds, functions, invocationUsd } from "../limits.ts";
import { type Compute, noUsage, type Receiver, type Slotted, spared } from "../ports/compute.ts";
import type { FaultDecision } from "../weather/fault-decision.ts";
import { endings, invocationTimes } from "../weather/invocation.ts";
import { Environments } from "../weather/slot-environments.ts";
import { SimulatedBatch } from "./task-batch.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface SimulatedOptions<Task, Result> {
  readonly clock: VirtualClock;
  /** The real work; its time does not count, its result does. */
  perform(task: Task): Result | Promise<Result>;
  /**
   * The results of many tasks at once, where that is quicker; null, for all or for a task, where it
   * is to be performed by itself. What `perform` would give, to the last bit.
   */
  performAll?(tasks: readonly Task[]): ((task: Task) => Result | null) | null;
  /** How long the work would take on a worker, without weather. */
  workMs(task: Task): number;
  /** What a task that works until its time is up comes to, where its event is so late. */
  withinTime?(task: Task, delayMs: number): Task;
  /** Of a task in an environment that starts for it, or is warm. */
  fateOf(task: Task, isCold: boolean): FaultDecision;
  bytesDown(task: Task): number;
  bytesUp(result: Result): number;
  /** Bytes of a reply as far as they are known without it: unwanted ones are then not computed. */
  replyBytes?(task: Task): number | null;
  readonly environmentsPerSlot?: number;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
  /** Dollars for one invocation: Lambda's price where it is absent. */
  readonly priceOf?: (invocation: BilledInvocation) => number;
}

/**
 * Lambda as the emulator plays it, on a virtual clock and without processes: one environment a
 * slot, spares while it is busy, cold starts, time-outs, the weather's fates and a bill.
 */
export function simulatedCompute<Task extends Slotted, Result>(
  options: SimulatedOptions<Task, Result>,
): Compute<Task, Result> {
  const { clock } = options;
  const timeoutMs = options.timeoutMs ?? functions.worker.timeoutMs;
  const perSlotMax = options.environmentsPerSlot ?? bounds.environmentsPerSlot;
  const environments = new Environments(perSlotMax);
  let isClosed = false;
  const finish = finishing(options, perSlotMax, () => isClosed);

  const startAll = (tasks: readonly Task[], receiver: Receiver<Result>) => {
    const nowMs = clock.nowMs();
    const cohort = new SimulatedBatch(tasks, receiver);
    const endMs = new Float64Array(tasks.length).fill(nowMs);
    for (let index = 0; index < tasks.length; index++) {
      const task = tasks[index]!;
      const { slot } = task;
      const environment = environments.find(slot, nowMs);
      if (environment === null) {
        cohort.endings[index] = endings.busy;
        continue;
      }
      const isCold = environments.isNew(slot, environment);
      const fate = options.fateOf(task, isCold);
      const within = options.withinTime?.(task, fate.delayMs) ?? task;
      if (within !== task) cohort.replace(index, within);
      const limitMs = limitMsOf(task, timeoutMs);
      const times = invocationTimes(fate, isCold, options.workMs(within), limitMs);
      cohort.keep(index, times, isCold, fate.duplicate);
      endMs[index] = nowMs + times.coldMs + times.ranMs;
      environments.occupy(slot, environment, endMs[index]!, times.ending !== endings.replied);
    }
    clock.scheduleAll(endMs, (index) => finish(cohort, index));
  };

  return {
    start: (task, deliver, isWanted = () => true) =>
      startAll([task], {
        deliver: (_, outcome, usage) => deliver(outcome, usage),
        isWanted: () => isWanted(),
      }),
    startAll,
    async close() {
      isClosed = true;
    },
  };
}

/** A worker ends itself at a task's own limit, where that is before its function's. */
function limitMsOf({ limitMs }: Slotted, timeoutMs: number): number {
  return limitMs === undefined ? timeoutMs : Math.min(limitMs, timeoutMs);
}

/** Dollars for an invocation; those of a warm one are worked out once a whole millisecond. */
function pricing({
  memoryMb = functions.worker.memoryMb,
  priceOf = invocationUsd,
}: Pick<SimulatedOptions<Slotted, unknown>, "memoryMb" | "priceOf">) {
  const warmUsd = new Float64Array(4_096).fill(Number.NaN);
  return (billedMs: number, startsTenant: boolean, times: number): number => {
    if (startsTenant || times !== 1 || billedMs >= warmUsd.length)
      return priceOf({ billedMs, memoryMb, startsTenant, times });
    if (Number.isNaN(warmUsd[billedMs]!))
      warmUsd[billedMs] = priceOf({ billedMs, memoryMb, startsTenant, times });
    return warmUsd[billedMs]!;
  };
}

/** What happens at the end of a task: a reply, a loss, or no more than a bill. */
function finishing<Task extends Slotted, Result>(
  options: SimulatedOptions<Task, Result>,
  perSlotMax: number,
  isClosed: () => boolean,
): (cohort: SimulatedBatch<Task, Result>, index: number) => void {
  const { clock } = options;
  const usdOf = pricing(options);
  const timeoutMs = options.timeoutMs ?? functions.worker.timeoutMs;
  type Ended = SimulatedBatch<Task, Result>;
  const failed = (cohort: Ended, index: number, reason: string) => {
    const usage = cohort.usage(index, options.bytesDown(cohort.tasks[index]!), 0, usdOf);
    cohort.receiver.deliver(index, { kind: "lost", reason }, usage);
  };
  const replied = (cohort: Ended, index: number, result: Result) => {
    const task = cohort.tasks[index]!;
    // What is known of a reply without it may not even be formed.
    const up = options.replyBytes?.(task) ?? options.bytesUp(result);
    const usage = cohort.usage(index, options.bytesDown(task), up, usdOf);
    cohort.receiver.deliver(index, { kind: "done", result }, usage);
  };
  // Apart from what hears every end: functions made there would cost an object each time.
  const follow = (cohort: Ended, index: number, result: Promise<Result>) => {
    const work = result.then(
      (value) => isClosed() || replied(cohort, index, value),
      (thrown) => isClosed() || failed(cohort, index, messageOf(thrown)),
    );
    clock.hold(work);
  };

  return (cohort, index) => {
    const ending = cohort.endings[index]!;
    if (isClosed()) return;
    const { receiver } = cohort;
    const task = cohort.tasks[index]!;
    if (ending === endings.busy) {
      const reason = `slot ${task.slot} is busy with ${perSlotMax} earlier tasks`;
      return receiver.deliver(index, { kind: "lost", reason }, noUsage);
    }
    if (ending === endings.crashed) return failed(cohort, index, "the environment crashed");
    if (ending === endings.timedOut) {
      const seconds = (limitMsOf(task, timeoutMs) / 1000).toFixed(2);
      return failed(cohort, index, `Task timed out after ${seconds} seconds`);
    }
    if (!receiver.isWanted(index)) {
      const up = options.replyBytes?.(task) ?? null;
      if (up !== null) {
        const usage = cohort.usage(index, options.bytesDown(task), up, usdOf);
        return receiver.deliver(index, spared, usage);
      }
    }
    let result: Result | Promise<Result>;
    try {
      result = cohort.resultOf(index, options) ?? options.perform(task);
    } catch (thrown) {
      return failed(cohort, index, messageOf(thrown));
    }
    if (result instanceof Promise) follow(cohort, index, result);
    else replied(cohort, index, result);
  };
}
