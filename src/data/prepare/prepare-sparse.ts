import { RunError } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import type { SparseWindow } from "../formats/table.ts";
import type { Preparation } from "../manifests.ts";
import { SparsePartWriter } from "../parts/sparse-parts.ts";
import { type Classes, refuseOneClass } from "./classes.ts";
import {
  classesIn,
  type PreparationJob,
  type PreparedContent,
  testChooser,
  testRowsOf,
} from "./job.ts";
import { ColumnStatistics } from "./statistics.ts";

/** Splits and shuffles sparse rows. They stay as they are: standardising would make them dense. */
export async function prepareSparse(
  job: PreparationJob<SparseWindow>,
  store: Store,
): Promise<PreparedContent> {
  const testRows = testRowsOf(job);
  const { intercept } = job.options;
  const classes = classesIn(job);
  const features = await statedFeatures(job);
  const columns = features + (intercept ? 1 : 0);
  const train = new SparsePartWriter(store, columns);
  const test = new SparsePartWriter(store, columns);
  const interceptAt = intercept ? features : -1;
  const writing = { classes, testRows, features, interceptAt, train, test };
  const { target, present } = await write(job, writing);
  if (classes !== null && job.options.classes === undefined)
    refuseOneClass(
      job.target.name,
      [...present].map((id) => classes.labels[id]!),
    );
  const names = Array.from({ length: features }, (_, i) => String(i + 1));
  const preparation: Preparation = {
    version: 1,
    columns: [],
    target: { name: job.target.name, classes: classes?.labels ?? null },
    intercept,
    featureNames: intercept ? [...names, "intercept"] : names,
    sparse: true,
  };
  return {
    preparation,
    rows: job.train.rows - (job.test === null ? testRows : 0),
    testRows,
    columns,
    train: await train.close(),
    test: await test.close(),
    targetMean: target.mean(0),
    targetVariance: target.variance(0),
  };
}

/** How many features rows have: as stated, where entries beyond are an error, or left out. */
async function statedFeatures(job: PreparationJob<SparseWindow>): Promise<number> {
  const { features } = job.options;
  if (features !== undefined && job.isPrivate) return features;
  const found = await featuresOf(job);
  if (features === undefined || found <= features) return features ?? found;
  throw new RunError("bad-index", `data.features: ${features}, and rows go up to index ${found}`, {
    hint: "state how many features there are at most, or leave data.features out",
  });
}

/** The largest index of any row, those of a test file too. */
async function featuresOf(job: PreparationJob<SparseWindow>): Promise<number> {
  let most = 0;
  for (const spool of [job.train, job.test]) {
    if (spool === null) continue;
    for await (const { rows, offsets, indices } of spool.windows())
      for (let row = 0; row < rows; row++) {
        const end = offsets[row + 1]!;
        if (end > offsets[row]! && indices[end - 1]! >= most) most = indices[end - 1]! + 1;
      }
  }
  return most;
}

interface Writing {
  readonly features: number;
  readonly classes: Classes | null;
  readonly testRows: number;
  /** The intercept's column, -1 for none. */
  readonly interceptAt: number;
  readonly train: SparsePartWriter;
  readonly test: SparsePartWriter;
}

/** Returns the statistics of the training targets and the classes among them. */
async function write(job: PreparationJob<SparseWindow>, to: Writing) {
  const statistics = new ColumnStatistics(1);
  const present = new Set<number>();
  const isTest = testChooser(job, to.testRows);
  const value = new Float64Array(1);
  for (const spool of [job.train, job.test]) {
    if (spool === null) continue;
    for await (const window of spool.windows()) {
      for (let row = 0; row < window.rows; row++) {
        const label = window.labels[row]!;
        const target = to.classes === null ? label : (to.classes.classOf[label] ?? Number.NaN);
        const testing = spool === job.test || isTest();
        const writer = testing ? to.test : to.train;
        writer.buffer.add(window, row, target, to.features);
        if (to.interceptAt >= 0) writer.buffer.extend(to.interceptAt, 1);
        if (!testing) {
          value[0] = target;
          statistics.add(value, 0);
          if (to.classes !== null && !Number.isNaN(target)) present.add(target);
        }
        if (writer.full()) await writer.flush();
      }
      job.onRows(window.rows);
    }
  }
  return { target: statistics, present };
}
