import type { ArrivalEvent } from "../ports/events.ts";
import type { StageTimes } from "../ports/stage-times.ts";
import type { History, RoundRecord } from "./history.ts";
import { median } from "./statistics.ts";

/** A step of a pipeline, worker by worker. */
export interface SchedulePicture {
  readonly step: number;
  readonly measuredMs: number;
  readonly spans: readonly ScheduleSpan[];
  /** The same with every task at the median of its kind, and nothing lost. */
  readonly calmMs: number;
  readonly calm: readonly ScheduleSpan[];
  /** The same with every task as long as was forecast; null where nothing was. */
  readonly forecast: { readonly ms: number; readonly spans: readonly ScheduleSpan[] } | null;
}

/** A task of the step, from its start to its reply, in ms since the step began. */
export interface ScheduleSpan {
  readonly slot: number;
  readonly kind: "forward" | "backward" | "update";
  readonly replica: number;
  /** Of an update the part of the weights. */
  readonly stage: number;
  /** -1 for an update. */
  readonly microbatch: number;
  readonly fate: "counted" | "late" | "lost";
  /** It had been asked before. */
  readonly isRepeated: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Pictures of more tasks would be a blur. */
const spansMax = 2_000;

const passPattern =
  /^step-\d+\/(?:replica-(\d+)\/)?(forward|backward)\/stage-(\d+)\/microbatch-(\d+)\//;
const partPattern = /^step-\d+\/(sums|update)\/part-(\d+)\//;

interface StagePass {
  readonly kind: ScheduleSpan["kind"];
  readonly replica: number;
  readonly stage: number;
  readonly microbatch: number;
}

/**
 * One step of a pipeline as it went, the one of median length, and as it would have gone with each
 * task at the median of its kind. Null for runs of other strategies.
 */
export function scheduleOf({ rounds, started }: History): SchedulePicture | null {
  const hasPasses = ({ arrivals }: RoundRecord) =>
    arrivals.some(({ task }) => passOf(task) !== null);
  // All rounds of a run are of one strategy.
  if (!rounds.slice(0, 1).some(hasPasses)) return null;
  const steps = rounds.filter(hasPasses);
  const lengths = steps.map(({ event }) => event.atMs - event.startedMs);
  const usual = median(lengths)!;
  const apart = lengths.map((ms) => Math.abs(ms - usual));
  const step = steps[apart.indexOf(Math.min(...apart))]!;
  const { startedMs, atMs, round } = step.event;
  const spans = spansOf(step);
  if (spans.length > spansMax) return null;
  const calm = calmSpans(spans, usualMs(steps));
  const { stages } = started ?? {};
  const told = stages === undefined ? null : calmSpans(spans, forecastMs(stages));
  return {
    step: round,
    measuredMs: atMs - startedMs,
    spans,
    calmMs: endOf(calm),
    calm,
    forecast: told && { ms: endOf(told), spans: told },
  };
}

function passOf(task: string): StagePass | null {
  const pass = passPattern.exec(task);
  if (pass !== null) {
    const [, replica = "0", kind, stage, microbatch] = pass;
    return {
      kind: kind as "forward" | "backward",
      replica: Number(replica),
      stage: Number(stage),
      microbatch: Number(microbatch),
    };
  }
  const part = partPattern.exec(task);
  return part === null
    ? null
    : { kind: "update", replica: 0, stage: Number(part[2]), microbatch: -1 };
}

/** In the order in which tasks began. A task that was lost has a span for each try. */
function spansOf({ event, arrivals }: RoundRecord): ScheduleSpan[] {
  const seen = new Set<string>();
  const sorted = [...arrivals].sort((a, b) => a.startedMs - b.startedMs);
  return sorted.flatMap((arrival): ScheduleSpan[] => {
    const pass = passOf(arrival.task);
    if (pass === null) return [];
    const name = nameOf(pass);
    const isRepeated = seen.has(name);
    seen.add(name);
    const { slot, fate, startedMs, atMs } = arrival;
    const [fromMs, toMs] = [startedMs - event.startedMs, atMs - event.startedMs];
    return [{ ...pass, slot, fate, isRepeated, fromMs, toMs }];
  });
}

const nameOf = ({ kind, replica, stage, microbatch }: StagePass) =>
  [kind, replica, stage, microbatch].join("/");

const endOf = (spans: readonly ScheduleSpan[]) =>
  spans.reduce((end, { toMs }) => Math.max(end, toMs), 0);

const forecastMs = (told: StageTimes) => (pass: StagePass) => told[pass.kind][pass.stage] ?? 0;

/** Of each kind of task at each stage, over all steps. */
function usualMs(steps: readonly RoundRecord[]): (pass: StagePass) => number {
  const times = new Map<string, number[]>();
  const keyOf = ({ kind, stage }: StagePass) => `${kind}/${stage}`;
  const add = (pass: StagePass, { startedMs, atMs }: ArrivalEvent) => {
    const key = keyOf(pass);
    const list = times.get(key) ?? [];
    list.push(atMs - startedMs);
    times.set(key, list);
  };
  for (const { arrivals } of steps)
    for (const arrival of arrivals) {
      const pass = passOf(arrival.task);
      if (pass !== null && arrival.fate === "counted") add(pass, arrival);
    }
  const medians = new Map([...times].map(([key, list]) => [key, median(list)!]));
  return (pass) => medians.get(keyOf(pass)) ?? 0;
}

/**
 * The tasks that counted, each worker's in its order, as soon as what they need is there: passes of
 * a microbatch go up the stages and down again, and updates come last.
 */
function calmSpans(
  spans: readonly ScheduleSpan[],
  msOf: (pass: StagePass) => number,
): readonly ScheduleSpan[] {
  const freeAt = new Map<number, number>();
  const calm: ScheduleSpan[] = [];
  // A task that was lost keeps its place.
  const firstMs = new Map<string, number>();
  for (const span of spans) if (!firstMs.has(nameOf(span))) firstMs.set(nameOf(span), span.fromMs);
  const counted = spans.filter(({ fate }) => fate === "counted");
  counted.sort((a, b) => firstMs.get(nameOf(a))! - firstMs.get(nameOf(b))!);
  for (const span of counted) {
    const needed = calm.filter((before) => comesAfter(span, before));
    const ready = needed.reduce((end, { toMs }) => Math.max(end, toMs), 0);
    const fromMs = Math.max(ready, freeAt.get(span.slot) ?? 0);
    const toMs = fromMs + msOf(span);
    freeAt.set(span.slot, toMs);
    calm.push({ ...span, isRepeated: false, fromMs, toMs });
  }
  return calm;
}

function comesAfter(one: StagePass, other: StagePass): boolean {
  if (one.kind === "update") return other.kind !== "update";
  if (one.microbatch !== other.microbatch || one.replica !== other.replica) return false;
  if (one.kind === "forward") return other.kind === "forward" && other.stage < one.stage;
  return other.kind === "forward" ? other.stage <= one.stage : other.stage > one.stage;
}

/** A kind of task at a stage; all updates of the weights together. */
export interface TaskForecast {
  readonly name: string;
  readonly forecastMs: number;
  /** The median of those that counted. */
  readonly measuredMs: number;
}

/** What each kind of task was forecast to take and took, of a step's spans both ways. */
export function besideForecast(
  calm: readonly ScheduleSpan[],
  told: readonly ScheduleSpan[],
): readonly TaskForecast[] {
  const rows = new Map<string, TaskForecast>();
  for (const [i, { kind, stage, fromMs, toMs }] of calm.entries()) {
    const isUpdate = kind === "update";
    const name = isUpdate ? "updates, all together" : `stage ${stage}, ${kind}`;
    const before = isUpdate ? rows.get(name) : undefined;
    const forecastMs = (before?.forecastMs ?? 0) + told[i]!.toMs - told[i]!.fromMs;
    const measuredMs = (before?.measuredMs ?? 0) + toMs - fromMs;
    rows.set(name, { name, forecastMs, measuredMs });
  }
  return [...rows.values()];
}
