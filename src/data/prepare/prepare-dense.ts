import type { Store } from "../../ports/store.ts";
import type { DenseWindow } from "../formats/table.ts";
import type { ColumnPlan, Preparation } from "../manifests.ts";
import { type LostDigits, lostDigitsOf, offsetOf, scalesOf } from "../offsets.ts";
import { DensePartWriter } from "../parts/dense-parts.ts";
import { type Classes, refuseOneClass } from "./classes.ts";
import { featureNamesOf, featureWriter } from "./features.ts";
import { checkTrainingRows, classesIn, type PreparationJob, type PreparedContent } from "./job.ts";
import { recordChooser, type Split, splitRows } from "./split.ts";
import { ColumnStatistics, LevelCounts } from "./statistics.ts";

/** From cells to features: learns the plan from the training rows, then writes all rows. */
export async function prepareDense(
  job: PreparationJob<DenseWindow>,
  store: Store,
): Promise<PreparedContent> {
  const targetAt = job.columns.indexOf(job.target);
  const classes = classesIn(job);
  const split = await splitRows(job, classes);
  const learned = await learnColumns(job, split);
  const columns = plansOf(job, learned);
  const preparation: Preparation = {
    version: 1,
    columns,
    target: targetOf(job, learned.statistics, targetAt, classes),
    intercept: job.options.intercept,
    featureNames: featureNamesOf(columns, job.options.intercept),
    sparse: false,
  };
  if (classes !== null && job.options.classes === undefined) {
    const counts = learned.levels[targetAt]!;
    const present = new Set<string>();
    classes.classOf.forEach((id, level) => {
      if (counts.of(level) > 0) present.add(classes.labels[id]!);
    });
    refuseOneClass(job.target.name, [...present]);
  }
  const width = preparation.featureNames.length;
  const train = new DensePartWriter(store, width);
  const test = new DensePartWriter(store, width);
  const target = new ColumnStatistics(1);
  await write(job, preparation, { split, targetAt, classes, train, test, target });
  const parts = { train: await train.close(), test: await test.close() };
  checkTrainingRows(train.rows);
  return {
    preparation,
    rows: train.rows,
    testRows: test.rows,
    columns: width,
    ...parts,
    targetMean: target.mean(0),
    targetVariance: target.variance(0),
    ...openly(job, preparation, learned),
  };
}

function targetOf(
  { target: { name }, offsets, options, classify }: PreparationJob<DenseWindow>,
  statistics: ColumnStatistics,
  at: number,
  classes: Classes | null,
): Preparation["target"] {
  const isCentred = offsets === "centred" && options.intercept && !classify;
  const offset = isCentred ? offsetOf(statistics, at) : 0;
  return { name, classes: classes?.labels ?? null, ...(offset === 0 ? {} : { offset }) };
}

/** What may be told of the training rows: scales for whoever steps, digits that are lost. */
function openly(
  { columns, offsets, classify, options }: PreparationJob<DenseWindow>,
  { columns: plans, target }: Preparation,
  { statistics, levels, rows }: Learned,
): Pick<PreparedContent, "scales" | "lost"> {
  if (offsets === "kept") return {};
  const moments: { mean: number; deviation: number }[] = [];
  const lost: LostDigits[] = [];
  for (const [i, { name, isTarget, kind }] of columns.entries()) {
    const deviation = Math.sqrt(statistics.variance(i));
    if (isTarget) {
      if (classify) continue;
      const left = lostDigitsOf(name, statistics.mean(i) - (target.offset ?? 0), deviation);
      if (left !== null) lost.push(left);
      continue;
    }
    const plan = plans.find((one) => one.name === name)!;
    if (kind === "number" && plan.kind === "numeric") {
      const mean = statistics.mean(i) - plan.mean;
      moments.push({ mean, deviation });
      const left = options.standardize ? null : lostDigitsOf(name, mean, deviation);
      if (left !== null) lost.push(left);
    } else if (plan.kind === "category") {
      for (const id of plan.levels.map((level) => columns[i]!.levels.names.indexOf(level))) {
        const mean = levels[i]!.of(id) / rows;
        moments.push({ mean, deviation: Math.sqrt(mean * (1 - mean)) });
      }
    }
  }
  const isScaled = options.standardize || offsets !== "centred";
  return {
    ...(isScaled ? {} : { scales: scalesOf(moments) }),
    ...(lost.length === 0 ? {} : { lost }),
  };
}

interface Learned {
  readonly statistics: ColumnStatistics;
  readonly levels: readonly LevelCounts[];
  readonly rows: number;
}

/** What the training rows say of each column. */
async function learnColumns(job: PreparationJob<DenseWindow>, split: Split): Promise<Learned> {
  const width = job.columns.length;
  const statistics = new ColumnStatistics(width);
  const levels = job.columns.map(() => new LevelCounts());
  const texts = [...job.columns.keys()].filter((i) => job.columns[i]!.kind === "text");
  const isTest = split.chooser();
  const targetAt = job.columns.indexOf(job.target);
  let count = 0;
  for await (const { cells, rows } of job.train.windows())
    for (let row = 0; row < rows; row++) {
      const base = row * width;
      if (isTest(cells[base + targetAt]!)) continue;
      count++;
      statistics.add(cells, base);
      for (const column of texts) {
        const level = cells[base + column]!;
        if (level >= 0) levels[column]!.add(level);
      }
    }
  return { statistics, levels, rows: count };
}

function plansOf(job: PreparationJob<DenseWindow>, { statistics, levels }: Learned): ColumnPlan[] {
  const { standardize, missing, intercept } = job.options;
  const isCentred = !standardize && intercept && job.offsets === "centred";
  const impute = missing === "impute";
  return job.columns.flatMap((column, i): ColumnPlan[] => {
    const { name } = column;
    if (column.isTarget) return [];
    if (column.kind === "number") {
      const mean = standardize ? statistics.mean(i) : isCentred ? offsetOf(statistics, i) : 0;
      const deviation = standardize ? statistics.deviation(i) : 1;
      const fill = impute ? statistics.mean(i) : null;
      const truth = column.truth === true ? { truth: true as const } : {};
      const date = column.date === true ? { date: true as const } : {};
      return [{ kind: "numeric", name, mean, deviation, fill, ...truth, ...date }];
    }
    const stated = job.options.levels?.[name];
    const counts = levels[i]!;
    const present = column.levels.names
      .map((level, id) => ({ level, count: counts.of(id) }))
      .filter(({ count }) => count > 0)
      .sort((a, b) => (a.level < b.level ? -1 : 1));
    const commonest = present.reduce((best, one) => (one.count > best.count ? one : best), {
      level: "",
      count: 0,
    });
    const fill = impute && commonest.count > 0 ? commonest.level : null;
    return [{ kind: "category", name, levels: stated ?? present.map(({ level }) => level), fill }];
  });
}

interface Writing {
  readonly split: Split;
  readonly targetAt: number;
  readonly classes: Classes | null;
  readonly train: DensePartWriter;
  readonly test: DensePartWriter;
  readonly target: ColumnStatistics;
}

async function write(
  job: PreparationJob<DenseWindow>,
  preparation: Preparation,
  to: Writing,
): Promise<void> {
  const features = featureWriter(preparation, job.columns);
  const isTest = to.split.chooser();
  const isTestRecord = recordChooser(job);
  const record = new Float32Array(to.train.columns + 1);
  const value = new Float64Array(1);
  const { offset = 0 } = preparation.target;
  for (const spool of [job.train, job.test]) {
    if (spool === null) continue;
    for await (const { cells, rows, width } of spool.windows()) {
      for (let row = 0; row < rows; row++) {
        const base = row * width;
        const cell = cells[base + to.targetAt]!;
        value[0] = to.classes === null ? cell - offset : (to.classes.classOf[cell] ?? Number.NaN);
        if (isTestRecord !== null) {
          features(cells, base, record, 0);
          record[to.train.columns] = value[0];
        }
        const testing = spool === job.test || (isTestRecord?.(record) ?? isTest(cell));
        const writer = testing ? to.test : to.train;
        features(cells, base, writer.values, writer.used * writer.columns);
        writer.targets[writer.used++] = value[0];
        if (!testing) to.target.add(value, 0);
        if (writer.isFull()) await writer.flush();
      }
      job.onRows(rows);
    }
  }
}
