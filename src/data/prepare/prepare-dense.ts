import type { Store } from "../../ports/store.ts";
import type { DenseWindow } from "../formats/table.ts";
import type { Preparation } from "../manifests.ts";
import { type LostDigits, lostDigitsOf, offsetOf, scalesOf } from "../offsets.ts";
import { DensePartWriter } from "../parts/dense-parts.ts";
import { type Classes, refuseOneClass } from "./classes.ts";
import { type Learned, learnColumns, momentsOf, plansOf } from "./column-plans.ts";
import { featureNamesOf, featureWriter } from "./features.ts";
import {
  checkTrainingRows,
  classesIn,
  type PreparationJob,
  type PreparedContent,
  type Split,
} from "./job.ts";
import { recordChooser, splitRows } from "./split.ts";
import { ColumnStatistics } from "./statistics.ts";
import { Weigher } from "./weigher.ts";

/** From cells to features: learns the plan from the training rows, then writes all rows. */
export async function prepareDense(
  job: PreparationJob<DenseWindow>,
  store: Store,
): Promise<PreparedContent> {
  const targetAt = job.columns.indexOf(job.target);
  const classes = classesIn(job);
  const split = await splitRows(job, classes);
  const weigher = Weigher.of(job, classes);
  const learned = await learnColumns(job, split, weigher);
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
  await write(job, preparation, { split, weigher, targetAt, classes, train, test, target });
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
    ...(weigher === null ? {} : { weighted: true }),
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
  job: PreparationJob<DenseWindow>,
  { columns: plans, target }: Preparation,
  learned: Learned,
): Pick<PreparedContent, "scales" | "lost"> {
  const { columns, offsets, classify, options } = job;
  if (offsets === "kept") return {};
  const moments: { mean: number; deviation: number }[] = [];
  const lost: LostDigits[] = [];
  const addLost = (name: string, mean: number, deviation: number) => {
    const left = lostDigitsOf(name, mean, deviation);
    if (left !== null) lost.push(left);
  };
  for (const [i, { name, isTarget }] of columns.entries()) {
    if (isTarget) {
      const { statistics } = learned;
      const deviation = Math.sqrt(statistics.variance(i));
      if (!classify) addLost(name, statistics.mean(i) - (target.offset ?? 0), deviation);
      continue;
    }
    const plan = plans.find((one) => one.name === name);
    if (plan === undefined) continue;
    for (const { mean, deviation, number } of momentsOf(job, plan, learned)) {
      moments.push({ mean, deviation });
      if (number !== undefined && !options.standardize) addLost(number, mean, deviation);
    }
  }
  const isScaled = options.standardize || offsets !== "centred";
  return {
    ...(isScaled ? {} : { scales: scalesOf(moments) }),
    ...(lost.length === 0 ? {} : { lost }),
  };
}

interface Writing {
  readonly split: Split;
  readonly targetAt: number;
  readonly weigher: Weigher | null;
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
        const isChosen = () => isTestRecord?.(record) ?? isTest(cells[base + to.split.at]!);
        const testing = spool === job.test || isChosen();
        const writer = testing ? to.test : to.train;
        features(cells, base, writer.values, writer.used * writer.columns);
        writer.targets[writer.used++] = value[0];
        if (to.weigher !== null && !testing)
          writer.weigh(to.weigher.weigh(cells[base + to.weigher.at]!, cell));
        if (!testing) to.target.add(value, 0);
        if (writer.isFull()) await writer.flush();
      }
      job.onRows(rows);
    }
  }
}
