import type { ArrivalEvent } from "../ports/events.ts";
import type { LatencyData, SlotData } from "./data.ts";
import type { History, QuorumRecord } from "./history.ts";
import { replyMs, replyTimesOf } from "./reply-times.ts";
import { median, quantile, total } from "./statistics.ts";

const quantileSteps = 200;

/** How much longer the request would have stayed open had it waited for this arrival too. */
export function latencySavedMs(arrival: ArrivalEvent, ask: QuorumRecord): number {
  return arrival.fate === "counted" ? 0 : Math.max(0, arrival.atMs - ask.endedMs);
}

export function latencyOf(history: History): LatencyData {
  const times = replyTimesOf(history);
  const medianMs = times.quantile(0.5);
  const asks = history.rounds.flatMap((record) => record.asks);
  const steps = times.count < 2 ? 0 : quantileSteps;
  return {
    replies: times.count,
    medianMs,
    p95Ms: times.quantile(0.95),
    slowMs: medianMs === null ? null : medianMs + Math.max(20, medianMs / 2),
    quorumMs: median(asks.map(({ startedMs, endedMs }) => endedMs - startedMs)),
    roundMs: median(history.rounds.map(({ event }) => event.atMs - event.startedMs)),
    quantilesMs: Array.from(
      { length: steps === 0 ? 0 : steps + 1 },
      (_, step) => Math.round(times.quantile(step / steps)! * 1000) / 1000,
    ),
    savedSeconds: savedSeconds(history, asks),
    unusedUsd:
      total(history.sums.map(({ unused }) => unused.costUsd)) +
      total(
        history.arrivals.filter(({ fate }) => fate !== "counted").map(({ usage }) => usage.costUsd),
      ),
  };
}

/** Sums cover all slots; arrivals alone would cover some. */
function savedSeconds({ sums }: History, asks: readonly QuorumRecord[]): number {
  if (sums.length > 0) return total(sums.map(({ savedMs }) => savedMs)) / 1000;
  return total(asks.map((ask) => savedInAskMs(ask) / 1000));
}

/** Replies are awaited in parallel, so a request saves what its slowest one would have taken. */
function savedInAskMs(ask: QuorumRecord): number {
  return ask.arrivals.reduce((most, arrival) => Math.max(most, latencySavedMs(arrival, ask)), 0);
}

/** One entry a slot, ascending. */
export function slotRows(history: History, slots: number, slowMs: number | null): SlotData[] {
  const bySlot = Array.from({ length: slots }, (): ArrivalEvent[] => []);
  for (const arrival of history.arrivals) bySlot[arrival.slot]?.push(arrival);
  const savedBySlotMs = new Float64Array(slots);
  for (const ask of history.rounds.flatMap((record) => record.asks)) {
    const worst = new Map<number, number>();
    for (const arrival of ask.arrivals) {
      const ms = Math.max(latencySavedMs(arrival, ask), worst.get(arrival.slot) ?? 0);
      worst.set(arrival.slot, ms);
    }
    for (const [slot, ms] of worst) if (slot < slots) savedBySlotMs[slot]! += ms;
  }
  const entries = bySlot.map((arrivals, slot) =>
    slotOf(slot, arrivals, savedBySlotMs[slot]! / 1000, slowMs),
  );
  const usual = median(entries.map((entry) => entry.slowShare)) ?? 0;
  const limit = Math.max(0.2, 2.5 * usual);
  return entries.map((entry) =>
    entry.slowShare >= limit && tasksOf(entry) >= 3 ? { ...entry, stands: "out" } : entry,
  );
}

function slotOf(
  slot: number,
  arrivals: readonly ArrivalEvent[],
  savedSeconds: number,
  slowMs: number | null,
): SlotData {
  const count = (fate: ArrivalEvent["fate"]) => arrivals.filter((a) => a.fate === fate).length;
  const fates = { counted: count("counted"), late: count("late"), lost: count("lost") };
  const times = Float64Array.from(
    arrivals.filter((arrival) => arrival.fate !== "lost"),
    replyMs,
  ).sort();
  const slow = times.filter((ms) => slowMs !== null && ms > slowMs).length;
  return {
    slot,
    replies: times.length,
    fates,
    medianMs: quantile(times, 0.5),
    p95Ms: quantile(times, 0.95),
    slowShare: arrivals.length === 0 ? 0 : (slow + fates.lost) / arrivals.length,
    stands: "in",
    savedSeconds,
    unusedUsd: total(
      arrivals.filter(({ fate }) => fate !== "counted").map(({ usage }) => usage.costUsd),
    ),
  };
}

function tasksOf({ fates }: SlotData): number {
  return fates.counted + fates.late + fates.lost;
}
