import { type Action, consumersOf, type Schedule } from "./schedule.ts";
import { actionName } from "./schedule-csv.ts";

/** How long things take, in any one unit; the same for all microbatches unless they differ. */
export interface ScheduleTimes {
  readonly forward: (stage: number, microbatch: number) => number;
  /** Of a whole backward pass; half of it each where it is split, unless `split` says. */
  readonly backward: (stage: number, microbatch: number) => number;
  readonly split?: (stage: number, microbatch: number) => { inputs: number; weights: number };
  /** Between the end on one worker and the start on another. */
  readonly hop: (fromStage: number, toStage: number) => number;
}

/** One action on the virtual clock. */
export interface Span extends Action {
  readonly worker: number;
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  readonly spans: readonly Span[];
  readonly makespan: number;
  /** What is paid: the time that actions take. A waiting function costs nothing. */
  readonly billed: number;
  /** The share of workers x makespan in which a worker waits (the convention over makespan). */
  readonly bubble: number;
  /** Microbatches between the start of their forward and the end of their backward, by stage. */
  readonly peakInFlight: readonly number[];
}

/** Cells that wait for each other, or for what nobody does. */
export interface Deadlock {
  readonly deadlock: readonly { readonly worker: number; readonly action: Action }[];
}

/**
 * Runs a schedule on a virtual clock: each worker does its actions in order, each as soon as what
 * it needs has come. Pure; says who waits where nothing can go on.
 */
export function simulateSchedule(schedule: Schedule, times: ScheduleTimes): Timeline | Deadlock {
  const { workers } = schedule;
  const needs = dependencies(schedule);
  const endOf = new Map<string, number>();
  const at = workers.map(() => 0);
  const freeAt = workers.map(() => 0);
  const spans: Span[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const [worker, order] of workers.entries())
      while (at[worker]! < order.length) {
        const action = order[at[worker]!]!;
        const ready = readyAt(action, worker, needs(action), endOf, schedule, times);
        if (ready === null) break;
        const from = Math.max(freeAt[worker]!, ready);
        const to = from + durationOf(action, times);
        endOf.set(actionName(action), to);
        freeAt[worker] = to;
        spans.push({ ...action, worker, from, to });
        at[worker]!++;
        moved = true;
      }
  }
  const deadlock = workers.flatMap((order, worker) =>
    at[worker]! < order.length ? [{ worker, action: order[at[worker]!]! }] : [],
  );
  if (deadlock.length > 0) return { deadlock };
  const makespan = Math.max(0, ...freeAt);
  const billed = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  const bubble = makespan > 0 ? 1 - billed / (makespan * workers.length) : 0;
  return { spans, makespan, billed, bubble, peakInFlight: peaks(schedule, spans) };
}

/** Each need a list of names, any one of which is enough. */
type Needs = (action: Action) => readonly { stage: number; names: readonly string[] }[];

function dependencies({ pipeline }: Schedule): Needs {
  const consumers = consumersOf(pipeline);
  return ({ kind, stage, microbatch }) => {
    const of = (from: number, ...kinds: string[]) => ({
      stage: from,
      names: kinds.map((one) => `${from}${one}${microbatch}`),
    });
    if (kind === "F") return pipeline.producers[stage]!.map((from) => of(from, "F"));
    if (kind === "W") return [of(stage, "I")];
    if (kind === "SEND_F") return [of(stage, "F")];
    if (kind === "SEND_B") return [of(stage, "B", "I")];
    if (kind === "RECV_F") return pipeline.producers[stage]!.map((from) => of(from, "SEND_F"));
    const slopes = consumers[stage]!;
    if (kind === "RECV_B") return slopes.map((from) => of(from, "SEND_B"));
    return [of(stage, "F"), ...slopes.map((from) => of(from, "B", "I"))];
  };
}

function readyAt(
  { stage }: Action,
  worker: number,
  needs: ReturnType<Needs>,
  endOf: ReadonlyMap<string, number>,
  { pipeline }: Schedule,
  times: ScheduleTimes,
): number | null {
  let ready = 0;
  for (const { stage: from, names } of needs) {
    const ends = names.flatMap((name) => endOf.get(name) ?? []);
    if (ends.length === 0) return null;
    const hop = pipeline.workerOf[from] === worker ? 0 : times.hop(from, stage);
    ready = Math.max(ready, Math.min(...ends) + hop);
  }
  return ready;
}

function durationOf({ kind, stage, microbatch }: Action, times: ScheduleTimes): number {
  if (kind === "F") return times.forward(stage, microbatch);
  if (kind === "B") return times.backward(stage, microbatch);
  if (kind !== "I" && kind !== "W") return 0;
  const half = times.backward(stage, microbatch) / 2;
  const { inputs, weights } = times.split?.(stage, microbatch) ?? { inputs: half, weights: half };
  return kind === "I" ? inputs : weights;
}

/** A split backward pass ends with its weights: they need what the forward pass kept. */
function peaks({ pipeline, workers }: Schedule, spans: readonly Span[]): readonly number[] {
  const isSplit = new Set(
    workers
      .flat()
      .flatMap((action) => (action.kind === "I" ? [`${action.stage}/${action.microbatch}`] : [])),
  );
  return pipeline.workerOf.map((_, stage) => {
    const changes: [at: number, change: number][] = [];
    for (const { kind, stage: of, microbatch, from, to } of spans) {
      if (of !== stage) continue;
      if (kind === "F") changes.push([from, 1]);
      const last = isSplit.has(`${stage}/${microbatch}`) ? "W" : "B";
      if (kind === last) changes.push([to, -1]);
    }
    changes.sort(([a, x], [b, y]) => a - b || x - y);
    let [now, most] = [0, 0];
    for (const [, change] of changes) {
      now += change;
      most = Math.max(most, now);
    }
    return most;
  });
}
