import type { Expected, TaskPrices } from "../journal/task-costs.ts";
import { meanOf } from "../math/statistics.ts";
import { type Attempt, invocationAttempts } from "../planner/slot-model.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { WorkerTask } from "../tasks/protocol.ts";
import { taskEntries, taskWithinTime } from "../tasks/registry.ts";
import { SlotEnvironments } from "../weather/slot-environments.ts";
import { machineOf } from "./platform-model.ts";

/** Simulated futures for each price. */
const futures = 64;
/**
 * The assumed time of a real environment start: several times the usual, as on a busy machine. It
 * is little next to what a tenant's environment costs.
 */
const realStartMs = 1_000;

/**
 * What a spec's tasks are expected to cost on a backend before any has run there: by its weather,
 * over many futures. Null where workers cost nothing.
 */
export function taskPrices(
  spec: RunSpec,
  backend: string,
  entriesPerSlot: number,
): TaskPrices<WorkerTask> | null {
  if (backend === "threads") return null;
  const { platform, lateness, workMs } = machineOf(spec, backend);
  const leastMs = backend === "simulated" ? 0 : realStartMs;
  /** One that works until its time is up, without any lateness. */
  const whole = (task: WorkerTask) => taskWithinTime(task, 0, workMs(entriesPerSlot));
  const attempt = (task: WorkerTask, isCold: boolean, draw: number): Attempt => {
    const slot = draw % spec.workers;
    const lane = new SlotEnvironments(platform.environmentsPerSlot);
    if (!isCold) lane.occupy(0, 0, false);
    const [first] = invocationAttempts(lane, platform, {
      startMs: 0,
      workMs: workMs(taskEntries(whole(task), entriesPerSlot)),
      nameOf: () => task.id,
      fateOf: () => {
        const fate = lateness({ task: `price/${slot}`, slot, round: 0 }, draw, isCold);
        return { ...fate, coldStartMs: Math.max(leastMs, fate.coldStartMs) };
      },
    });
    return first!;
  };
  const byKind = new Map<string, Expected>();
  return {
    expected(task, isCold) {
      const name = `${task.operation}/${isCold}`;
      const before = byKind.get(name);
      if (before !== undefined) return before;
      const all = Array.from({ length: futures }, (_, draw) => attempt(task, isCold, draw));
      const usd = meanOf(all.map(({ costUsd }) => costUsd));
      const deviationUsd = Math.sqrt(meanOf(all.map(({ costUsd }) => (costUsd - usd) ** 2)));
      // A lost task may run into the function's time-out, which says nothing about the others.
      const mostUsd = Math.max(0, ...all.map(({ isDone, costUsd }) => (isDone ? costUsd : 0)));
      const price = { usd, deviationUsd, mostUsd };
      byKind.set(name, price);
      return price;
    },
  };
}
