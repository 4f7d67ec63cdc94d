import type { ArrivalEvent, RunEvent } from "../ports/events.ts";
import { requestNameOf, taskNameOf } from "../ports/task-names.ts";
import type { FaultDecision } from "../weather/fault-decision.ts";

/** What befell each task of a run, as its events tell it. */
export interface RecordedFates {
  /**
   * What befell the task of this name, with what its own work took left out; null where no event
   * tells of it, or where nothing ran.
   */
  of(task: string, workMs: number): FaultDecision | null;
  /**
   * Of a task that was asked for and of whose reply nothing is told, for the run was over first:
   * how long it had been running then. Null for any other task.
   */
  unseenMs(task: string): number | null;
  /** The slot whose replies were the latest together; null where all were alike. */
  readonly slowestSlot: number | null;
  /** The latest that any reply was, in ms. */
  latestMs(workMs: number): number;
}

/** Reads the fates of tasks out of a run's events; arrivals told in sums tell of none. */
export function recordedFates(events: readonly RunEvent[]): RecordedFates {
  const arrivals = new Map<string, ArrivalEvent>();
  const requests = new Map<string, { startedMs: number; readonly slots: Set<number> }>();
  let endMs = 0;
  for (const event of events) {
    endMs = Math.max(endMs, event.type === "result" ? 0 : event.atMs);
    if (event.type !== "arrival") continue;
    // What was done again after a resume counts as it went the last time.
    arrivals.set(event.task, event);
    const name = requestNameOf(event.task);
    const { startedMs, slot } = event;
    const request = requests.get(name) ?? { startedMs, slots: new Set() };
    request.startedMs = Math.min(request.startedMs, startedMs);
    request.slots.add(slot);
    requests.set(name, request);
  }
  const told = [...arrivals.values()].filter(({ usage }) => usage.billedMs > 0);
  const coldMs = coldStartMsOf(told);
  return {
    of(task, workMs) {
      const arrival = arrivals.get(task);
      return arrival === undefined ? null : fateOf(arrival, workMs, coldMs);
    },
    unseenMs(task) {
      const name = requestNameOf(task);
      const request = name === "" ? undefined : requests.get(name);
      const slot = Number(/slot-(\d+)/.exec(task)?.[1]);
      if (request === undefined || request.slots.has(slot)) return null;
      const isFirst = task === name + taskNameOf({ slot, attempt: 0, copy: 0 });
      return isFirst ? Math.max(0, endMs - request.startedMs) : null;
    },
    slowestSlot: slowestOf(told),
    latestMs: (workMs) => told.reduce((most, one) => Math.max(most, tookMs(one) - workMs), 0),
  };
}

function fateOf(arrival: ArrivalEvent, workMs: number, coldMs: number): FaultDecision | null {
  const { usage, fate, reason = "" } = arrival;
  // Refused, throttled, or sent to a slot that was busy: the platform's doing, not the weather's.
  if (usage.billedMs <= 0) return null;
  const lateMs = Math.max(0, tookMs(arrival) - workMs);
  const coldStartMs = usage.coldStart ? Math.min(lateMs, coldMs) : 0;
  const delayMs = lateMs - coldStartMs;
  const how = { delayMs, duplicate: false, coldStartMs } as const;
  if (fate !== "lost") return { ...how, fault: null };
  if (/timed out/.test(reason)) return { ...how, delayMs: 0, fault: "hang" };
  return tookMs(arrival) < workMs
    ? { ...how, delayMs: tookMs(arrival), fault: "crash-before" }
    : { ...how, fault: "crash-after" };
}

/** What a cold start usually adds: the median of cold replies over that of warm ones. */
function coldStartMsOf(told: readonly ArrivalEvent[]): number {
  const median = (isCold: boolean) => {
    const sorted = told
      .filter(({ usage, fate }) => fate !== "lost" && usage.coldStart === isCold)
      .map(tookMs)
      .sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  };
  const cold = median(true);
  return cold === 0 ? 0 : Math.max(0, cold - median(false));
}

function slowestOf(told: readonly ArrivalEvent[]): number | null {
  const bySlot = new Map<number, { sumMs: number; count: number }>();
  for (const arrival of told) {
    const sum = bySlot.get(arrival.slot) ?? { sumMs: 0, count: 0 };
    bySlot.set(arrival.slot, sum);
    sum.sumMs += tookMs(arrival);
    sum.count++;
  }
  const means = [...bySlot].map(([slot, { sumMs, count }]) => ({ slot, ms: sumMs / count }));
  const sorted = means.sort((a, b) => b.ms - a.ms || a.slot - b.slot);
  return sorted.length < 2 || sorted[0]!.ms === sorted.at(-1)!.ms ? null : sorted[0]!.slot;
}

function tookMs({ atMs, startedMs }: ArrivalEvent): number {
  return atMs - startedMs;
}
