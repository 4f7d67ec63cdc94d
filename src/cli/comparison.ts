import { finiteOrNull } from "../core/json.ts";
import type { ResultEvent } from "../ports/events.ts";
import { formatCount, formatDollars, formatNumber, formatSeconds } from "../report/format.ts";
import type { Stop } from "./outcome.ts";
import { table } from "./table.ts";

/** One run of a comparison. */
export interface Compared {
  /** Without the seed: runs that share it are repeats. */
  readonly setting: string;
  readonly label: string;
  readonly result: ResultEvent;
  readonly stop: Stop;
}

/** What the repeats of one setting came to; `speedUp` and `gap` are against the other settings. */
export interface SettingSummary {
  readonly setting: string;
  readonly runs: number;
  readonly seconds: number;
  readonly secondsWorst: number;
  /** The first setting's median time over this one's. */
  readonly speedUp: number;
  readonly objective: number;
  readonly objectiveWorst: number;
  /** How far above the best setting's, as a part of that. */
  readonly gap: number;
  /** The median of its repeats, and how far they go. */
  readonly metric: {
    readonly name: string;
    readonly value: number;
    readonly least: number;
    readonly most: number;
  } | null;
  readonly dollars: number;
  readonly erasures: number;
  readonly stop: Stop["kind"];
}

/** Medians and worst values by setting, in the order of the first runs. */
export function summaries(compared: readonly Compared[]): SettingSummary[] {
  const groups = new Map<string, Compared[]>();
  for (const run of compared) groups.set(run.setting, [...(groups.get(run.setting) ?? []), run]);
  const plain = [...groups].map(([setting, runs]) => summaryOf(setting, runs));
  const best = Math.min(...plain.map(({ objective }) => objective));
  const first = plain[0]?.seconds ?? 0;
  return plain.map((one) => ({
    ...one,
    speedUp: first / one.seconds,
    gap: (one.objective - best) / Math.abs(best),
  }));
}

/** Metrics that are better where they are smaller. */
const smallerIsBetter = /(?:rmse|mae|logloss|hinge|loss)$/;

/**
 * Which setting predicts rows best that it was not trained on, and whether that is more than
 * repeats differ by themselves; null where there is nothing to rank. Objectives of other settings
 * of the problem, or of the data, say nothing of one another.
 */
export function rankingInWords(compared: readonly Compared[]): string | null {
  const all = summaries(compared);
  const name = all[0]?.metric?.name;
  if (all.length < 2 || name?.startsWith("test ") !== true) return null;
  const sign = smallerIsBetter.test(name) ? -1 : 1;
  const ranked = all
    .flatMap((one) => (one.metric?.name === name ? [{ ...one, value: one.metric.value }] : []))
    .sort((a, b) => sign * (b.value - a.value));
  const [best, second] = ranked;
  if (best === undefined || second === undefined) return null;
  const [one, next] = [best, second].map((of) => `${of.setting} ${formatNumber(of.value)}`);
  const first = `best by ${name}: ${one}, then ${next}`;
  if (best.runs < 2 || second.runs < 2)
    return `${first}; one run each tells no chance from skill: --repeats 5 does`;
  const spread = Math.max(spreadOf(best), spreadOf(second));
  const isNoise = Math.abs(best.value - second.value) <= spread;
  const by = `repeats of one setting differ by up to ${formatNumber(spread)}`;
  return `${first}; ${isNoise ? `within noise: ${by}` : `beyond noise: ${by}`}`;
}

/** Of the metric of a setting's repeats, the largest less the smallest. */
function spreadOf({ metric }: SettingSummary): number {
  return metric === null ? 0 : metric.most - metric.least;
}

/** The table a person reads; gaps of objectives only where all have the same one. */
export function comparisonTable(compared: readonly Compared[], isOneObjective = true): string {
  const all = summaries(compared);
  const isRepeated = all.some(({ runs }) => runs > 1);
  const metric = all[0]?.metric?.name ?? "metric";
  const head = [
    "setting",
    isRepeated ? "median" : "time",
    ...(isRepeated ? ["worst"] : []),
    "speed-up",
    "objective",
    "gap to best",
    metric,
    ...(isRepeated ? ["its repeats"] : []),
    "cost",
    "erasures",
  ];
  const rows = all.map((one) => [
    one.stop === "done" ? one.setting : `${one.setting} (${one.stop})`,
    formatSeconds(one.seconds),
    ...(isRepeated ? [formatSeconds(one.secondsWorst)] : []),
    `${formatNumber(finiteOrNull(one.speedUp), 3)} x`,
    formatNumber(finiteOrNull(one.objective), 6),
    isOneObjective ? percent(one.gap) : "–",
    formatNumber(finiteOrNull(one.metric?.value ?? Number.NaN)),
    ...(isRepeated ? [rangeOf(one)] : []),
    formatDollars(one.dollars),
    formatCount(one.erasures),
  ]);
  return table(head, rows);
}

/** From the smallest to the largest of a setting's repeats. */
function rangeOf({ metric, runs }: SettingSummary): string {
  if (metric === null || runs < 2) return "–";
  const [least, most] = [metric.least, metric.most].map((end) => formatNumber(finiteOrNull(end)));
  return `${least} to ${most}`;
}

function summaryOf(setting: string, runs: readonly Compared[]): SettingSummary {
  const of = (value: (result: ResultEvent) => number) => runs.map(({ result }) => value(result));
  const names = runs.map(({ result }) => metricOf(result)?.name);
  const name = names[0];
  const values = of((result) => metricOf(result)?.value ?? Number.NaN);
  return {
    setting,
    runs: runs.length,
    seconds: median(of(({ seconds }) => seconds)),
    secondsWorst: Math.max(...of(({ seconds }) => seconds)),
    speedUp: 1,
    objective: median(of(({ objective }) => objective)),
    objectiveWorst: Math.max(...of(({ objective }) => objective)),
    gap: 0,
    metric:
      name === undefined
        ? null
        : { name, value: median(values), least: Math.min(...values), most: Math.max(...values) },
    dollars: median(of(({ dollars }) => dollars)),
    erasures: Math.round(median(of(({ erasures }) => erasures))),
    stop: runs.find(({ stop }) => stop.kind !== "done")?.stop.kind ?? "done",
  };
}

/** The first test metric, or the first training metric where nothing was kept for testing. */
function metricOf({ metrics }: ResultEvent): { name: string; value: number } | undefined {
  const test = Object.entries(metrics.test)[0];
  const [name, value] = test ?? Object.entries(metrics.train)[0] ?? [];
  if (name === undefined || value === undefined) return undefined;
  return { name: `${test === undefined ? "train" : "test"} ${name}`, value };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  return share === 0 ? "0 %" : `${(share * 100).toPrecision(2)} %`;
}
