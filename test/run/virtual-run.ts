import { randomFrom } from "../../src/core/random.ts";
import type { LoopStop } from "../../src/engine/dispatcher.ts";
import { type LoopEnd, runLoop } from "../../src/engine/loop.ts";
import type { Strategy } from "../../src/engine/strategy.ts";
import type { Compute, Slotted } from "../../src/ports/compute.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { type VirtualClock, virtualClock } from "../../src/simulation/virtual-clock.ts";
import { type FaultDecision, faultDecisionOf, noFault } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";

export interface VirtualRun<State, Task extends Slotted, Result> {
  perform(task: Task): Result | Promise<Result>;
  readonly fateOf?: (task: Task) => FaultDecision;
  readonly workMs?: number | ((task: Task) => number);
  /** As `SimulatedOptions.withinTime`. */
  readonly withinTime?: (task: Task, delayMs: number) => Task;
  /** Puts something around the compute, such as `twice`. */
  readonly around?: (compute: Compute<Task, Result>, clock: VirtualClock) => Compute<Task, Result>;
  readonly from?: { readonly state: State; readonly elapsedMs: number };
  readonly mayStop?: (events: readonly RunEvent[]) => LoopStop | null;
  readonly environmentsPerSlot?: number;
  readonly timeoutMs?: number;
  /** What the clock shows when the run starts. */
  readonly clockMs?: number;
}

export interface VirtualEnd<State> extends LoopEnd<State> {
  readonly events: RunEvent[];
  /** The durable states in order. */
  readonly saved: { readonly state: State; readonly elapsedMs: number }[];
}

/** One strategy on the loop, the virtual clock and the simulated compute. */
export async function virtualRun<State extends object, Task extends Slotted, Result>(
  strategy: Strategy<State, Task, Result>,
  run: VirtualRun<State, Task, Result>,
): Promise<VirtualEnd<State>> {
  const clock = virtualClock();
  if (run.clockMs !== undefined) {
    clock.schedule(run.clockMs, () => {});
    await clock.rest(Promise.resolve());
  }
  const simulated = simulatedCompute<Task, Result>({
    clock,
    perform: async (task) => run.perform(task),
    workMs: (task) => (typeof run.workMs === "function" ? run.workMs(task) : (run.workMs ?? 10)),
    ...(run.withinTime === undefined ? {} : { withinTime: run.withinTime }),
    fateOf: run.fateOf ?? (() => noFault),
    bytesDown: () => 1,
    bytesUp: () => 1,
    ...(run.timeoutMs === undefined ? {} : { timeoutMs: run.timeoutMs }),
    ...(run.environmentsPerSlot === undefined
      ? {}
      : { environmentsPerSlot: run.environmentsPerSlot }),
  });
  const compute = run.around?.(simulated, clock) ?? simulated;
  const events: RunEvent[] = [];
  const saved: { state: State; elapsedMs: number }[] = [];
  const end = await runLoop(
    strategy,
    {
      compute,
      clock,
      emit: (event) => events.push(event),
      save: (state, elapsedMs) => saved.push({ state, elapsedMs }),
      mayStop: () => run.mayStop?.(events) ?? null,
    },
    run.from ?? null,
  );
  await compute.close();
  return { ...end, events, saved };
}

/** Fates from a spec's `weather`. */
export function fatesOf(
  weather: object,
  seed: number | string = 1,
): (task: Slotted) => FaultDecision {
  const sky = weatherFrom(weather);
  return ({ id, slot }) => {
    const round = Number(/\d+/.exec(id)?.[0] ?? 0);
    return faultDecisionOf(sky, { task: id, slot, round }, seed);
  };
}

/** Delivers every reply twice: the second time at once or `laterMs` after the first. */
export function twice(laterMs: number | null) {
  return <Task extends Slotted, Result>(
    compute: Compute<Task, Result>,
    clock: VirtualClock,
  ): Compute<Task, Result> => {
    const repeat = (deliver: () => void) => {
      deliver();
      if (laterMs === null) deliver();
      else clock.schedule(clock.nowMs() + laterMs, deliver);
    };
    const { startAll } = compute;
    return {
      start: (task, deliver) =>
        compute.start(task, (outcome, usage) => repeat(() => deliver(outcome, usage))),
      ...(startAll === undefined
        ? {}
        : {
            startAll: (tasks, { deliver, isWanted }) =>
              startAll(tasks, {
                deliver: (index, outcome, usage) => repeat(() => deliver(index, outcome, usage)),
                isWanted,
              }),
          }),
      close: () => compute.close(),
    };
  };
}

/** Loses a share of the replies after the work was done. */
export function losing(share: number, seed: number | string = 1) {
  return <Task extends Slotted, Result>(compute: Compute<Task, Result>): Compute<Task, Result> => ({
    start: (task, deliver) =>
      compute.start(task, (outcome, usage) => {
        const isLost = randomFrom(seed).fork(task.id).uniform() < share;
        deliver(isLost ? { kind: "lost", reason: "lost on the way" } : outcome, usage);
      }),
    close: () => compute.close(),
  });
}
