import { RunError } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import { requestNameOf } from "../ports/task-names.ts";
import type { FaultDecision } from "../weather/fault-decision.ts";
import type { Lateness } from "./lateness.ts";

/** What a record says of the platform. */
export interface Recorded {
  readonly lateness: Lateness;
  /** What a task took that nothing held up. */
  readonly workMs: number;
  /** Replies it rests on. */
  readonly replies: number;
}

/** With fewer replies nothing is known. */
const repliesMin = 8;
/** So many of the fastest replies count as held up by nothing. */
const promptShare = 0.1;

/**
 * Lateness as a run met it: every quorum to come goes as some quorum of the record did, slot by
 * slot, so that slow slots stay slow and bad moments stay common to all. Throws `RunError` where
 * the record is too short.
 */
export function recordedLateness(events: readonly RunEvent[], run: string): Recorded {
  const arrivals = events.filter(isTold);
  const warm = arrivals.filter(({ fate, usage }) => fate !== "lost" && !usage.coldStart);
  if (warm.length < repliesMin) {
    throw new RunError(
      "short-record",
      `${run}: ${warm.length} replies say too little of lateness`,
      {
        hint: "plan from a run of several rounds",
      },
    );
  }
  const workMs = quantile(warm.map(tookMs), promptShare);
  const cold = arrivals.filter(({ fate, usage }) => fate !== "lost" && usage.coldStart);
  const faults = faultsOf(arrivals);
  const delays = delaysOf(warm, workMs);
  const colds = cold.map((arrival) => Math.max(0, tookMs(arrival) - workMs));
  const root = randomFrom(`record/${run}`);
  const lateness: Lateness = ({ task, slot, round }, draw, isCold) => {
    const future = root.fork(`${draw}`);
    const own = future.fork(task);
    return {
      delayMs: delays(slot, future.fork(`${round}/${requestOf(task)}`), own),
      fault: faultFrom(faults, own),
      duplicate: false,
      coldStartMs: isCold ? pick(colds, own.fork("cold")) : 0,
    };
  };
  return { lateness, workMs, replies: warm.length };
}

function isTold(event: RunEvent): event is ArrivalEvent {
  return event.type === "arrival" && event.usage.billedMs > 0;
}

/** By slot and quorum; where a slot has no reply in a quorum, one of its own others stands in. */
function delaysOf(
  warm: readonly ArrivalEvent[],
  workMs: number,
): (slot: number, quorum: Random, own: Random) => number {
  const quorums = [...new Set(warm.map(({ task }) => requestOf(task)))];
  const slots = [...new Set(warm.map(({ slot }) => slot))].sort((a, b) => a - b);
  const bySlot = new Map<number, number[]>(slots.map((slot) => [slot, []]));
  const known = new Map<string, number>();
  for (const arrival of warm) {
    const delayMs = Math.max(0, tookMs(arrival) - workMs);
    bySlot.get(arrival.slot)!.push(delayMs);
    known.set(`${requestOf(arrival.task)}#${arrival.slot}`, delayMs);
  }
  return (slot, quorum, own) => {
    const like = slots[slot % slots.length]!;
    // More slots than were recorded: each further row of them goes as a quorum of its own.
    const row = Math.floor(slot / slots.length);
    const name = quorums[quorum.fork(`row/${row}`).integer(quorums.length)]!;
    return known.get(`${name}#${like}`) ?? pick(bySlot.get(like)!, own.fork("delay"));
  };
}

interface Faults {
  readonly hangs: number;
  readonly crashes: number;
}

function faultsOf(arrivals: readonly ArrivalEvent[]): Faults {
  const lost = arrivals.filter(({ fate }) => fate === "lost");
  const hangs = lost.filter(({ reason }) => /timed out/.test(reason ?? "")).length;
  const all = Math.max(1, arrivals.length);
  return { hangs: hangs / all, crashes: (lost.length - hangs) / all };
}

function faultFrom({ hangs, crashes }: Faults, own: Random): FaultDecision["fault"] {
  if (hangs + crashes === 0) return null;
  const level = own.fork("fault").uniform();
  if (level < hangs) return "hang";
  return level < hangs + crashes ? "crash-after" : null;
}

/** `round-3/along` of `round-3/along/slot-7/try-2`; a task without a slot is its own request. */
function requestOf(task: string): string {
  return requestNameOf(task).replace(/\/$/, "") || task;
}

function tookMs({ atMs, startedMs }: ArrivalEvent): number {
  return atMs - startedMs;
}

function pick(values: readonly number[], random: Random): number {
  return values.length === 0 ? 0 : values[random.integer(values.length)]!;
}

function quantile(values: readonly number[], level: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(level * (sorted.length - 1))]!;
}
