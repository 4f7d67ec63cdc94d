import { finiteOrNull } from "../core/json.ts";
import type { ArrivalEvent, ArrivalSummary, RunEvent } from "../ports/events.ts";
import { coefficientsOf, curveOf, metricOf } from "./curves.ts";
import type {
  Counted,
  ReplyFates,
  ReplyFigures,
  ReportData,
  RunData,
  RunEnding,
  SpendingPoint,
  Staleness,
} from "./data.ts";
import { heatmapOf } from "./heatmap.ts";
import { type History, historyOf } from "./history.ts";
import { latencyOf, slotRows } from "./latency.ts";
import { phasesOf } from "./phases.ts";
import { printedBySlot } from "./printed.ts";
import { scheduleOf } from "./schedule.ts";
import { downsample, quantile, total } from "./statistics.ts";
import { verdictOf } from "./verdict.ts";

export interface LabelledEvents {
  readonly label: string;
  readonly events: readonly RunEvent[];
}

const bounds = { slots: 4_096, spendingPoints: 600, specChars: 20_000, texts: 40, textChars: 500 };

/** Everything that a page shows of one run, or of several compared ones. Pure. */
export function foldReport(title: string, labelled: readonly LabelledEvents[]): ReportData {
  const runs = labelled.map(({ label, events }) => foldRun(label, events));
  return { title, runs, verdict: verdictOf(runs) };
}

export function foldRun(label: string, events: readonly RunEvent[]): RunData {
  const history = historyOf(events);
  const { started } = history;
  const slots = slotCountOf(history);
  const pace = latencyOf(history);
  return {
    label,
    run: started?.run ?? history.result?.run ?? label,
    startedAt: started?.startedAt ?? "",
    backend: started?.backend ?? "",
    facts: started?.facts ?? null,
    spec: specOf(history),
    ending: endingOf(history),
    figures: figuresOf(history),
    curve: curveOf(history),
    pace,
    phases: phasesOf(history, pace.slowMs),
    picture: heatmapOf(history, slots, pace.slowMs),
    slots: slotRows(history, slots, pace.slowMs),
    spending: spendingOf(history),
    schedule: scheduleOf(history),
    coefficients: coefficientsOf(history),
    model: history.result?.figures ?? null,
    tables: history.rounds.at(-1)?.event.tables ?? [],
    losses: countTexts(lossesOf(history)),
    warnings: countTexts(history.warnings.map((text) => [text, 1])),
    printed: printedBySlot(history.arrivals),
    resumes: history.resumes,
    repeatedReplies: history.repeatedReplies,
    toldInSums: total(history.sums.map(({ counted, late, lost }) => counted + late + lost)),
  };
}

/** Where replies were recorded as sums, only slots recorded one by one can be shown. */
function slotCountOf(history: History): number {
  const seen = history.arrivals.reduce((most, { slot }) => Math.max(most, slot + 1), 0);
  if (history.sums.length > 0) return Math.min(bounds.slots, seen);
  return Math.min(bounds.slots, Math.max(seen, history.started?.facts.workers ?? 0));
}

function endingOf({ stopped, result }: History): RunEnding {
  if (stopped !== undefined) return { kind: stopped.kind, reason: stopped.reason };
  return { kind: result === undefined ? "running" : "done", reason: "" };
}

function figuresOf(history: History): ReplyFigures {
  const { evaluated, result, rounds } = history;
  const last = evaluated[evaluated.length - 1];
  const estimate = finiteOrNull(rounds[rounds.length - 1]?.event.objectiveEstimate);
  const spent = replyCosts(history.arrivals, history.sums);
  const { fates, usedUsd, unusedUsd, bytesUp, bytesDown, coldStarts } = spent;
  const metrics = result?.metrics ?? last;
  return {
    objective: finiteOrNull(result?.objective ?? last?.objective ?? estimate),
    objectiveIsEstimate: result === undefined && last === undefined && estimate !== null,
    metric: metricOf(history),
    train: finiteValues(metrics?.train ?? {}),
    test: finiteValues(metrics?.test ?? {}),
    rounds: result?.rounds ?? rounds.length,
    seconds: result?.seconds ?? history.lastMs / 1000,
    dollars: result?.dollars ?? usedUsd + unusedUsd,
    forecast: result?.forecast ?? null,
    bytesUp: result?.bytesUp ?? bytesUp,
    bytesDown: result?.bytesDown ?? bytesDown,
    payloads: payloadsOf(history),
    erasures: result?.erasures ?? fates.late + fates.lost,
    arrivals: fates,
    coldStarts,
    privacy: result?.privacy ?? null,
    staleness: stalenessOf(history),
  };
}

function payloadsOf({ rounds }: History): ReplyFigures["payloads"] {
  const compressed = rounds.filter(({ event }) => event.bitsUp !== undefined);
  if (compressed.length === 0) return null;
  const sum = (name: "bitsUp" | "bitsDown") =>
    compressed.reduce((total, { event }) => total + (event[name] ?? 0), 0);
  return { bitsUp: sum("bitsUp"), bitsDown: sum("bitsDown") };
}

function stalenessOf({ rounds }: History): Staleness | null {
  const sorted = Float64Array.from(rounds.flatMap(({ event }) => event.staleness ?? [])).sort();
  if (sorted.length === 0) return null;
  const at = (share: number) => Math.round(quantile(sorted, share)!);
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}

function finiteValues(values: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, finiteOrNull(value)]),
  );
}

function spendingOf({ rounds }: History): readonly SpendingPoint[] {
  let so = { usedUsd: 0, unusedUsd: 0, bytesUp: 0, bytesDown: 0 };
  const points = rounds.map(({ event, arrivals, sums }) => {
    const spent = replyCosts(arrivals, sums);
    so = {
      usedUsd: so.usedUsd + spent.usedUsd,
      unusedUsd: so.unusedUsd + spent.unusedUsd,
      bytesUp: so.bytesUp + spent.bytesUp,
      bytesDown: so.bytesDown + spent.bytesDown,
    };
    return { round: event.round, ...so };
  });
  return downsample(points, bounds.spendingPoints, (point) => point.usedUsd + point.unusedUsd);
}

function* lossesOf({ arrivals, sums }: History): Iterable<[string, number]> {
  for (const { fate, reason } of arrivals) if (fate === "lost") yield [reason ?? "no reply", 1];
  for (const { losses } of sums) yield* Object.entries(losses);
}

function specOf({ started }: History): string {
  const text = started === undefined ? "" : JSON.stringify(started.spec, null, 2);
  if (text.length <= bounds.specChars) return text;
  const rest = text.length - bounds.specChars;
  return `${text.slice(0, bounds.specChars)}\n… (${rest} more characters)`;
}

/** Equal texts once, the most frequent first. */
function countTexts(texts: Iterable<readonly [string, number]>): Counted[] {
  const counts = new Map<string, number>();
  for (const [text, count] of texts) {
    const short = text.slice(0, bounds.textChars);
    counts.set(short, (counts.get(short) ?? 0) + count);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const kept = sorted.slice(0, bounds.texts).map(([text, count]) => ({ text, count }));
  const rest = sorted.slice(bounds.texts);
  if (rest.length === 0) return kept;
  return [...kept, { text: "(others)", count: total(rest.map(([, count]) => count)) }];
}

/** What replies were and cost, recorded one by one or as sums. */
export interface ReplyCosts {
  readonly fates: ReplyFates;
  readonly usedUsd: number;
  readonly unusedUsd: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly coldStarts: number;
}

export function replyCosts(
  arrivals: readonly ArrivalEvent[],
  sums: readonly ArrivalSummary[],
): ReplyCosts {
  const fates = { counted: 0, late: 0, lost: 0 };
  const so = { usedUsd: 0, unusedUsd: 0, bytesUp: 0, bytesDown: 0, coldStarts: 0 };
  for (const { fate, usage } of arrivals) {
    fates[fate]++;
    so[fate === "counted" ? "usedUsd" : "unusedUsd"] += usage.costUsd;
    so.bytesUp += usage.bytesUp;
    so.bytesDown += usage.bytesDown;
    if (usage.coldStart) so.coldStarts++;
  }
  for (const { used, unused, ...sum } of sums) {
    fates.counted += sum.counted;
    fates.late += sum.late;
    fates.lost += sum.lost;
    so.usedUsd += used.costUsd;
    so.unusedUsd += unused.costUsd;
    so.bytesUp += used.bytesUp + unused.bytesUp;
    so.bytesDown += used.bytesDown + unused.bytesDown;
    so.coldStarts += sum.coldStarts;
  }
  return { fates, ...so };
}
