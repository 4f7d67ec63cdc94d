import { messageOf } from "../core/errors.ts";
import { bounds, functions, invocationUsd, prices } from "../limits.ts";
import type { Compute, Deliver, Outcome, Slotted, Usage } from "../ports/compute.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { Fate } from "./weather/fate.ts";

export interface SimulatedOptions<Task, Result> {
  readonly clock: VirtualClock;
  /** The real work; its time does not count, its result does. */
  perform(task: Task): Promise<Result>;
  /** How long the work would take on a worker, without weather. */
  workMs(task: Task): number;
  fateOf(task: Task): Fate;
  bytes(task: Task, result: Result | null): { down: number; up: number };
  readonly environmentsPerSlot?: number;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
}

interface Environment {
  freeAtMs: number;
}

/**
 * Lambda as the emulator plays it, on a virtual clock and without processes: one environment a
 * slot, spares while it is busy, cold starts, time-outs, the weather's fates and a bill.
 */
export function simulatedCompute<Task extends Slotted, Result>(
  options: SimulatedOptions<Task, Result>,
): Compute<Task, Result> {
  const { clock } = options;
  const memoryMb = options.memoryMb ?? functions.worker.memoryMb;
  const timeoutMs = options.timeoutMs ?? functions.worker.timeoutMs;
  const environments = fleet(clock, options.environmentsPerSlot ?? bounds.environmentsPerSlot);
  let isClosed = false;

  const deliverAt = (atMs: number, deliver: () => void) => {
    clock.schedule(atMs, () => {
      if (!isClosed) deliver();
    });
  };

  const finish = (task: Task, run: Run, deliver: Deliver<Result>) => {
    const reply = (outcome: Outcome<Result>, result: Result | null) => {
      if (isClosed) return;
      deliver(outcome, usageOf(run, options.bytes(task, result), memoryMb));
    };
    if (run.lost !== null) return reply({ kind: "lost", reason: run.lost }, null);
    const work = options.perform(task).then(
      (result) => reply({ kind: "done", result }, result),
      (thrown) => reply({ kind: "lost", reason: messageOf(thrown) }, null),
    );
    clock.hold(work);
  };

  return {
    start(task, deliver) {
      const found = environments.find(task.slot);
      if (found === null) {
        const reason = `slot ${task.slot} is busy with ${environments.perSlotMax} earlier tasks`;
        const bytes = { down: 0, up: 0 };
        const usage: Usage = { billedMs: 0, coldStart: false, costUsd: 0, ...named(bytes) };
        deliverAt(clock.nowMs(), () => deliver({ kind: "lost", reason }, usage));
        return;
      }
      const run = runOf(options.fateOf(task), options.workMs(task), found.isCold, timeoutMs);
      const endMs = clock.nowMs() + run.coldMs + run.billedMs;
      found.environment.freeAtMs = endMs;
      if (run.lost !== null)
        clock.schedule(endMs, () => environments.remove(task.slot, found.environment));
      deliverAt(endMs, () => finish(task, run, deliver));
    },
    async close() {
      isClosed = true;
    },
  };
}

function fleet(clock: VirtualClock, perSlotMax: number) {
  const slots = new Map<number, Environment[]>();
  return {
    perSlotMax,
    /** The most recently used idle environment, or a new one while the slot may have one more. */
    find(slot: number): { environment: Environment; isCold: boolean } | null {
      const all = slots.get(slot) ?? [];
      slots.set(slot, all);
      const idle = all
        .filter((one) => one.freeAtMs <= clock.nowMs())
        .sort((a, b) => b.freeAtMs - a.freeAtMs)[0];
      if (idle !== undefined) return { environment: idle, isCold: false };
      if (all.length >= perSlotMax) return null;
      const environment = { freeAtMs: 0 };
      all.push(environment);
      return { environment, isCold: true };
    },
    remove(slot: number, environment: Environment) {
      slots.set(
        slot,
        (slots.get(slot) ?? []).filter((one) => one !== environment),
      );
    },
  };
}

interface Run {
  readonly fate: Fate;
  readonly isCold: boolean;
  readonly coldMs: number;
  readonly billedMs: number;
  /** What the caller is told instead of a result. */
  readonly lost: string | null;
}

function runOf(fate: Fate, workMs: number, isCold: boolean, timeoutMs: number): Run {
  const coldMs = isCold ? fate.coldStartMs : 0;
  const tookMs = fate.delayMs + (fate.fault === "crash-before" ? 0 : workMs);
  const isTimeout = fate.fault === "hang" || tookMs > timeoutMs;
  const timeout = `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
  const lost = isTimeout ? timeout : fate.fault === null ? null : "the environment crashed";
  return { fate, isCold, coldMs, billedMs: isTimeout ? timeoutMs : tookMs, lost };
}

function usageOf(run: Run, bytes: { down: number; up: number }, memoryMb: number): Usage {
  const billedMs = Math.ceil(run.billedMs + run.coldMs);
  const environment = run.isCold ? (memoryMb / 1024) * prices.usdPerTenantEnvironmentGb : 0;
  const times = run.fate.duplicate ? 2 : 1;
  const costUsd = times * invocationUsd(billedMs, memoryMb) + environment;
  return { billedMs, coldStart: run.isCold, costUsd, ...named(bytes) };
}

function named(bytes: { down: number; up: number }): { bytesDown: number; bytesUp: number } {
  return { bytesDown: bytes.down, bytesUp: bytes.up };
}
