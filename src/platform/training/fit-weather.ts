import { RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { ArrivalEvent } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import { requestNameOf } from "../../ports/task-names.ts";
import { readHistory } from "../../run/finish.ts";
import { resolveWeather, type WeatherConfig } from "../../weather/weather.ts";
import { recordedPace, workMsOf } from "../platform-model.ts";

/** A weather that a spec may name, and how many replies it rests on. */
export interface FittedWeather {
  readonly weather: WeatherConfig;
  readonly replies: number;
  readonly slots: number;
  readonly requests: number;
}

/** More lists than this say nothing new; the latest ones are taken. */
const listsMax = 2_000;

/**
 * The weather that a finished run met, as a `trace` for specs: a list of delays for every request,
 * one a slot, so that slow slots stay slow and bad moments are bad for all; the rates of
 * faults; what a cold start and a task without delays took. Throws `RunError` where the record is
 * too short.
 */
export async function fitWeather(store: Store, record: RunRecord): Promise<FittedWeather> {
  const events = await readHistory(store, record.run);
  if (events.some(({ type }) => type === "arrivals"))
    throw new RunError("short-record", `${record.run}: its replies are told in sums`, {
      hint: "simulate fewer workers or rounds, so that every reply is told",
    });
  const pace = recordedPace(record, events);
  const told = events.filter(
    (event): event is ArrivalEvent => event.type === "arrival" && event.usage.billedMs > 0,
  );
  const whole = told.filter(({ fate }) => fate !== "lost");
  const warm = whole.filter(({ usage }) => !usage.coldStart);
  if (warm.length < 2)
    throw new RunError("short-record", `${record.run}: ${warm.length} replies say too little`, {
      hint: "take a run of several rounds",
    });
  const workMs = workMsOf(record.entriesPerSlot, pace);
  const lateMs = (arrival: ArrivalEvent) => Math.max(0, tookMs(arrival) - workMs);
  const delaysMs = delayLists(warm, lateMs, record.run);
  const lost = told.filter(({ fate }) => fate === "lost");
  const hangs = lost.filter(({ reason = "" }) => /timed out/.test(reason)).length;
  const cold = whole.filter(({ usage }) => usage.coldStart).map(lateMs);
  return {
    weather: resolveWeather({
      model: "trace",
      delaysMs,
      failures: rounded((lost.length - hangs) / told.length, 4),
      hangs: rounded(hangs / told.length, 4),
      coldStartMs: Math.round(Math.max(0, median(cold) - median(warm.map(lateMs)))),
      baseMs: rounded(pace.baseMs, 3),
      workMsPerMillion: rounded(pace.workMsPerMillion, 6),
    }),
    replies: warm.length,
    slots: delaysMs[0]!.length,
    requests: delaysMs.length,
  };
}

/** A list a request, in their order; where a slot has no reply, one of its own others stands in. */
function delayLists(
  warm: readonly ArrivalEvent[],
  lateMs: (arrival: ArrivalEvent) => number,
  run: string,
): number[][] {
  const slots = 1 + Math.max(...warm.map(({ slot }) => slot));
  const bySlot = Array.from({ length: slots }, (): number[] => []);
  const lists = new Map<string, Map<number, number>>();
  for (const arrival of warm.toSorted((a, b) => a.startedMs - b.startedMs)) {
    const { task, slot } = arrival;
    // Where slots are not asked together, what each was asked in turn makes the lists.
    const name = requestNameOf(task) || `in turn/${bySlot[slot]!.length}`;
    const list = lists.get(name) ?? new Map();
    lists.set(name, list);
    const delayMs = rounded(lateMs(arrival), 2);
    list.set(slot, delayMs);
    bySlot[slot]!.push(delayMs);
  }
  const random = randomFrom(`weather/${run}`);
  const all = bySlot.flat();
  const pick = (values: readonly number[]) => values[random.integer(values.length)]!;
  return [...lists.values()]
    .slice(-listsMax)
    .map((list) => bySlot.map((own, slot) => list.get(slot) ?? pick(own.length === 0 ? all : own)));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function tookMs({ atMs, startedMs }: ArrivalEvent): number {
  return atMs - startedMs;
}
