import { messageOf } from "../core/errors.ts";
import { bounds, functions, invocationUsd, prices } from "../limits.ts";
import {
  type Compute,
  type Deliver,
  noUsage,
  type Slotted,
  spared,
  type Usage,
} from "../ports/compute.ts";
import { fleet } from "./fleet.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { Fate } from "./weather/fate.ts";

export interface SimulatedOptions<Task, Result> {
  readonly clock: VirtualClock;
  /** The real work; its time does not count, its result does. */
  perform(task: Task): Result | Promise<Result>;
  /** How long the work would take on a worker, without weather. */
  workMs(task: Task): number;
  /** Of a task in an environment that starts for it, or is warm. */
  fateOf(task: Task, isCold: boolean): Fate;
  bytes(task: Task, result: Result | null): { down: number; up: number };
  /** Bytes of a reply as far as they are known without it: unwanted ones are then not computed. */
  replyBytes?(task: Task): number | null;
  readonly environmentsPerSlot?: number;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
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
  const environments = fleet(options.environmentsPerSlot ?? bounds.environmentsPerSlot);
  let isClosed = false;

  const finish = finishing(options, () => isClosed);

  return {
    start(task, deliver, isWanted) {
      const nowMs = clock.nowMs();
      const found = environments.find(task.slot, nowMs);
      if (found === null) {
        const reason = `slot ${task.slot} is busy with ${environments.perSlotMax} earlier tasks`;
        const lost = { kind: "lost", reason } as const;
        clock.schedule(nowMs, () => {
          if (!isClosed) deliver(lost, noUsage);
        });
        return;
      }
      const { environment, isCold } = found;
      const fate = options.fateOf(task, isCold);
      const took = tookOf(fate, options.workMs(task), timeoutMs);
      const coldMs = isCold ? fate.coldStartMs : 0;
      const run = { ...took, task, deliver, isWanted, fate, isCold, coldMs };
      const endMs = nowMs + coldMs + took.billedMs;
      environment.freeAtMs = endMs;
      clock.schedule(endMs, () => {
        if (took.lost !== null) environments.remove(task.slot, environment);
        finish(run);
      });
    },
    async close() {
      isClosed = true;
    },
  };
}

/** What happens at the end of a task: a reply, a loss, or no more than a bill. */
function finishing<Task extends Slotted, Result>(
  options: SimulatedOptions<Task, Result>,
  isClosed: () => boolean,
): (run: Run<Task, Result>) => void {
  const { clock } = options;
  const memoryMb = options.memoryMb ?? functions.worker.memoryMb;
  const failed = (run: Run<Task, Result>, reason: string) =>
    run.deliver({ kind: "lost", reason }, usageOf(run, options.bytes(run.task, null), memoryMb));
  const replied = (run: Run<Task, Result>, result: Result) => {
    const usage = usageOf(run, options.bytes(run.task, result), memoryMb);
    run.deliver({ kind: "done", result }, usage);
  };

  return (run) => {
    if (isClosed()) return;
    const { task, lost } = run;
    if (lost !== null) return failed(run, lost);
    if (run.isWanted?.() === false) {
      const up = options.replyBytes?.(task) ?? null;
      const { down } = options.bytes(task, null);
      if (up !== null) return run.deliver(spared, usageOf(run, { down, up }, memoryMb));
    }
    let result: Result | Promise<Result>;
    try {
      result = options.perform(task);
    } catch (thrown) {
      return failed(run, messageOf(thrown));
    }
    if (!(result instanceof Promise)) return replied(run, result);
    const heard = (tell: () => void) => {
      if (!isClosed()) tell();
    };
    const work = result.then(
      (value) => heard(() => replied(run, value)),
      (thrown) => heard(() => failed(run, messageOf(thrown))),
    );
    clock.hold(work);
  };
}

interface Run<Task, Result> extends Took {
  readonly task: Task;
  readonly deliver: Deliver<Result>;
  readonly isWanted: (() => boolean) | undefined;
  readonly fate: Fate;
  readonly isCold: boolean;
  readonly coldMs: number;
}

interface Took {
  readonly billedMs: number;
  /** What the caller is told instead of a result. */
  readonly lost: string | null;
}

function tookOf(fate: Fate, workMs: number, timeoutMs: number): Took {
  const tookMs = fate.delayMs + (fate.fault === "crash-before" ? 0 : workMs);
  if (fate.fault === "hang" || tookMs > timeoutMs) {
    const lost = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
    return { billedMs: timeoutMs, lost };
  }
  return { billedMs: tookMs, lost: fate.fault === null ? null : "the environment crashed" };
}

function usageOf(
  run: Pick<Run<never, never>, "billedMs" | "coldMs" | "fate" | "isCold">,
  bytes: { down: number; up: number },
  memoryMb: number,
): Usage {
  const billedMs = Math.ceil(run.billedMs + run.coldMs);
  const environment = run.isCold ? (memoryMb / 1024) * prices.usdPerTenantEnvironmentGb : 0;
  const times = run.fate.duplicate ? 2 : 1;
  return {
    billedMs,
    coldStart: run.isCold,
    bytesDown: bytes.down,
    bytesUp: bytes.up,
    costUsd: times * invocationUsd(billedMs, memoryMb) + environment,
  };
}
