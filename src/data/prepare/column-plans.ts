import { type ColumnChoice, columnChoices } from "../columns.ts";
import { datePartNames, dayParts, writeDateParts } from "../date-parts.ts";
import type { Column, DenseWindow } from "../formats/table.ts";
import type { ColumnPlan, NumberScale } from "../manifests.ts";
import { offsetOf } from "../offsets.ts";
import { isFeature, type PreparationJob, type Split } from "./job.ts";
import { ColumnStatistics, CountedMoments, LevelCounts, type Moments } from "./statistics.ts";
import type { Weigher } from "./weigher.ts";

/** What the training rows say of each column, by its place. */
export interface Learned {
  readonly statistics: ColumnStatistics;
  readonly levels: readonly LevelCounts[];
  /** Of those that become parts of dates. */
  readonly dates: ReadonlyMap<number, DateStatistics>;
  readonly rows: number;
}

type Job = PreparationJob<DenseWindow>;

/** Goes over the training rows. */
export async function learnColumns(
  job: Job,
  split: Split,
  weigher: Weigher | null,
): Promise<Learned> {
  const width = job.columns.length;
  const statistics = new ColumnStatistics(width);
  const levels = job.columns.map(() => new LevelCounts());
  const texts = [...job.columns.keys()].filter((i) => job.columns[i]!.kind === "text");
  const choices = columnChoices(job.options);
  const dates = new Map(
    [...job.columns.entries()]
      .filter(([, column]) => isInParts(column, choices.get(column.name), job))
      .map(([i]) => [i, new DateStatistics()]),
  );
  const isTest = split.chooser();
  const targetAt = job.columns.indexOf(job.target);
  let count = 0;
  for await (const { cells, rows } of job.train.windows())
    for (let row = 0; row < rows; row++) {
      const base = row * width;
      if (isTest(cells[base + split.at]!)) continue;
      count++;
      weigher?.add(cells[base + weigher.at]!, cells[base + targetAt]!);
      statistics.add(cells, base);
      for (const column of texts) {
        const level = cells[base + column]!;
        if (level >= 0) levels[column]!.add(level);
      }
      for (const [column, parts] of dates) parts.add(cells[base + column]!);
    }
  return { statistics, levels, dates, rows: count };
}

/** The parts of the dates that a column holds. */
class DateStatistics {
  readonly parts = new ColumnStatistics(datePartNames.length);
  hasTimes = false;
  readonly #values = new Float64Array(datePartNames.length);

  add(days: number): void {
    if (Number.isNaN(days)) return;
    writeDateParts(days, this.#values);
    if (this.#values[5] !== 0 || this.#values[6] !== 0) this.hasTimes = true;
    this.parts.add(this.#values, 0);
  }
}

function isInParts(column: Column, choice: ColumnChoice | undefined, { options }: Job) {
  if (column.date !== true || !isFeature(column)) return false;
  const as = choice?.type === "date" ? choice.as : undefined;
  return (as ?? options.dates) === "parts";
}

/** How each column but the target becomes features. */
export function plansOf(job: Job, learned: Learned): ColumnPlan[] {
  const { standardize, missing, intercept } = job.options;
  const isCentred = !standardize && intercept && job.offsets === "centred";
  const choices = columnChoices(job.options);
  const scaleOf = (moments: Moments, at: number): NumberScale => ({
    mean: standardize ? moments.mean(at) : isCentred ? offsetOf(moments, at) : 0,
    deviation: standardize ? moments.deviation(at) : 1,
  });
  const plan = { job, learned, scaleOf, isImputed: missing === "impute" };
  return job.columns.flatMap((column, i) => {
    if (!isFeature(column)) return [];
    const choice = choices.get(column.name);
    return [column.kind === "number" ? numberPlan(plan, i, choice) : wordPlan(plan, i, choice)];
  });
}

interface Planning {
  readonly job: Job;
  readonly learned: Learned;
  readonly scaleOf: (moments: Moments, at: number) => NumberScale;
  readonly isImputed: boolean;
}

function numberPlan(
  { job, learned: { statistics, dates }, scaleOf, isImputed }: Planning,
  i: number,
  choice: ColumnChoice | undefined,
): ColumnPlan {
  const column = job.columns[i]!;
  const { name } = column;
  const fill = isImputed ? statistics.mean(i) : null;
  const inParts = dates.get(i);
  if (inParts === undefined) {
    const truth = column.truth === true ? { truth: true as const } : {};
    const date = column.date === true ? { date: true as const } : {};
    return { kind: "numeric", name, ...scaleOf(statistics, i), fill, ...truth, ...date };
  }
  const stated = choice?.type === "date" ? choice.times : undefined;
  const isTimed = stated ?? (inParts.hasTimes && !job.isPrivate);
  const parts = datePartNames.flatMap((part, at) =>
    isTimed || dayParts.includes(part) ? [{ part, ...scaleOf(inParts.parts, at) }] : [],
  );
  return { kind: "date-parts", name, parts, fill };
}

function wordPlan(
  { job, learned, scaleOf, isImputed }: Planning,
  i: number,
  choice: ColumnChoice | undefined,
): ColumnPlan {
  const { name, levels } = job.columns[i]!;
  const counts = learned.levels[i]!;
  const present = levels.names
    .map((level, id) => ({ level, count: counts.of(id) }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => (a.level < b.level ? -1 : 1));
  const commonest = present.reduce((best, one) => (one.count > best.count ? one : best), {
    level: "",
    count: 0,
  });
  const fill = isImputed && commonest.count > 0 ? commonest.level : null;
  if (choice?.type === "ordinal") {
    const moments = placeMoments(choice.levels, counts);
    return { kind: "ordinal", name, levels: choice.levels, ...scaleOf(moments, 0), fill };
  }
  if (choice?.type === "hash")
    return {
      kind: "hash",
      name,
      buckets: choice.buckets,
      fill: fill === null ? null : Number(fill),
    };
  if (choice?.type === "frequency") {
    const all = present.reduce((sum, { count }) => sum + count, 0);
    const shares = present.map(({ count }) => count / all);
    const moments = new CountedMoments(
      shares,
      present.map(({ count }) => count),
    );
    const own = present.map(({ level }) => level);
    const usual = isImputed ? moments.mean() : null;
    return { kind: "frequency", name, levels: own, shares, ...scaleOf(moments, 0), fill: usual };
  }
  const stated = choice?.type === "category" ? choice.levels : undefined;
  return { kind: "category", name, levels: stated ?? present.map(({ level }) => level), fill };
}

/** Of words in an order by their places in it. */
function placeMoments(levels: readonly string[], counts: LevelCounts): CountedMoments {
  return new CountedMoments(
    levels.map((_, place) => place),
    levels.map((_, place) => counts.of(place)),
  );
}

/** Mean and deviation of a stored feature; its name where digits of numbers may be lost. */
export interface FeatureMoments {
  readonly mean: number;
  readonly deviation: number;
  readonly number?: string;
}

/** Of each feature of a column, over the training rows. */
export function momentsOf(
  { columns }: Job,
  plan: ColumnPlan,
  { statistics, levels, dates, rows }: Learned,
): FeatureMoments[] {
  const { name } = plan;
  const i = columns.findIndex((column) => column.name === name);
  const counts = levels[i]!;
  const number = (moments: Moments, at: number, { mean }: NumberScale, own: string) => ({
    mean: moments.mean(at) - mean,
    deviation: Math.sqrt(moments.variance(at)),
    number: own,
  });
  const share = (count: number) => {
    const mean = count / rows;
    return { mean, deviation: Math.sqrt(mean * (1 - mean)) };
  };
  switch (plan.kind) {
    case "numeric":
      return [number(statistics, i, plan, name)];
    case "date-parts":
      return plan.parts.map((part) => {
        const at = datePartNames.indexOf(part.part);
        return number(dates.get(i)!.parts, at, part, `${name}.${part.part}`);
      });
    case "ordinal":
      return [number(placeMoments(plan.levels, counts), 0, plan, name)];
    case "frequency": {
      const own = plan.levels.map((level) => counts.of(columns[i]!.levels.ids.get(level)!));
      return [number(new CountedMoments(plan.shares, own), 0, plan, name)];
    }
    case "hash":
      return Array.from({ length: plan.buckets }, (_, bucket) => share(counts.of(bucket)));
    case "category":
      return plan.levels.map((level) => share(counts.of(columns[i]!.levels.names.indexOf(level))));
  }
}
