import type { Store } from "../../ports/store.ts";
import type { DenseWindow } from "../formats/table.ts";
import type { ColumnPlan, Preparation } from "../manifests.ts";
import { SparsePartWriter } from "../parts/sparse-parts.ts";
import { featureNamesOf } from "./features.ts";
import { isFeature, type PreparationJob, type PreparedContent, type Split } from "./job.ts";
import { ratingWriter } from "./rating-rows.ts";
import { splitRows } from "./split.ts";
import { ColumnStatistics, LevelCounts } from "./statistics.ts";

/**
 * Ratings become sparse rows: a one for the user, a one for the item, and the intercept's. Users
 * and items are those of the training rows, in code-unit order; a test row lacks what they do not
 * know.
 */
export async function prepareRatings(
  job: PreparationJob<DenseWindow>,
  store: Store,
): Promise<PreparedContent> {
  const split = await splitRows(job, null);
  const { testRows } = split;
  const columns = await learnColumns(job, split);
  const preparation: Preparation = {
    version: 1,
    columns,
    target: { name: job.target.name, classes: null },
    intercept: job.options.intercept,
    featureNames: featureNamesOf(columns, job.options.intercept),
    sparse: true,
  };
  const width = preparation.featureNames.length;
  const train = new SparsePartWriter(store, width);
  const test = new SparsePartWriter(store, width);
  const target = await write(job, preparation, split, { train, test });
  return {
    preparation,
    rows: job.train.rows - (job.test === null ? testRows : 0),
    testRows,
    columns: width,
    train: await train.close(),
    test: await test.close(),
    targetMean: target.mean(0),
    targetVariance: target.variance(0),
  };
}

/** The users and the items that training rows hold. */
async function learnColumns(job: PreparationJob<DenseWindow>, split: Split): Promise<ColumnPlan[]> {
  const counts = job.columns.map(() => new LevelCounts());
  const isTest = split.chooser();
  const sides = [...job.columns.keys()].filter((i) => isFeature(job.columns[i]!));
  for await (const { cells, rows, width } of job.train.windows())
    for (let row = 0; row < rows; row++) {
      if (isTest(cells[row * width + split.at]!)) continue;
      for (const side of sides) counts[side]!.add(cells[row * width + side]!);
    }
  return sides.map((side): ColumnPlan => {
    const { name, levels } = job.columns[side]!;
    const present = levels.names.filter((_, id) => counts[side]!.of(id) > 0);
    return { kind: "category", name, levels: present.sort(byCodeUnit), fill: null };
  });
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1;
}

interface Writers {
  readonly train: SparsePartWriter;
  readonly test: SparsePartWriter;
}

/** Returns the statistics of the training targets. */
async function write(
  job: PreparationJob<DenseWindow>,
  preparation: Preparation,
  split: Split,
  { train, test }: Writers,
): Promise<ColumnStatistics> {
  const target = new ColumnStatistics(1);
  const targetAt = job.columns.indexOf(job.target);
  const add = ratingWriter(preparation, job.columns);
  const isTest = split.chooser();
  for (const spool of [job.train, job.test]) {
    if (spool === null) continue;
    for await (const { cells, rows, width } of spool.windows()) {
      for (let row = 0; row < rows; row++) {
        const base = row * width;
        const testing = spool === job.test || isTest(cells[base + split.at]!);
        const writer = testing ? test : train;
        add(cells, base, cells[base + targetAt]!, writer.buffer);
        if (!testing) target.add(cells, base + targetAt);
        if (writer.full()) await writer.flush();
      }
      job.onRows(rows);
    }
  }
  return target;
}
