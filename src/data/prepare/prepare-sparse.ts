import { RunError } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import type { SparseWindow } from "../formats/table.ts";
import type { Preparation } from "../manifests.ts";
import { lostDigitsOf, offsetOf, scalesOf } from "../offsets.ts";
import { SparsePartWriter } from "../parts/sparse-parts.ts";
import { type Classes, refuseOneClass } from "./classes.ts";
import {
  checkTrainingRows,
  classesIn,
  type PreparationJob,
  type PreparedContent,
  type Split,
} from "./job.ts";
import { dividedMoments, divideEntries, sparseDeviations } from "./sparse-scales.ts";
import { recordChooser, splitRows } from "./split.ts";
import { ColumnStatistics, SparseMoments } from "./statistics.ts";
import { Weigher } from "./weigher.ts";

/** Scales of more features would make the manifest too long. */
const scaledMax = 200_000;

/** Splits and shuffles sparse rows. They are scaled at most: centring would make them dense. */
export async function prepareSparse(
  job: PreparationJob<SparseWindow>,
  store: Store,
): Promise<PreparedContent> {
  const { intercept } = job.options;
  const classes = classesIn(job);
  const split = await splitRows(job, classes);
  const weigher = Weigher.of(job, classes);
  const learned = await learnColumns(job, { split, weigher, isNumber: classes === null });
  const features = statedFeatures(job, learned);
  const columns = features + (intercept ? 1 : 0);
  const train = new SparsePartWriter(store, columns);
  const test = new SparsePartWriter(store, columns);
  const isCentred = job.offsets === "centred" && intercept && classes === null;
  const offset = isCentred ? offsetOf(learned.target, 0) : 0;
  const moments = momentsOf(job, learned, features);
  const deviations = job.options.standardize ? sparseDeviations(moments) : undefined;
  const interceptAt = intercept ? features : -1;
  const shape = { classes, offset, features, deviations };
  const writing = { ...shape, weigher, split, interceptAt, train, test };
  const { target, present } = await write(job, writing);
  if (classes !== null && job.options.classes === undefined)
    refuseOneClass(
      job.target.name,
      [...present].map((id) => classes.labels[id]!),
    );
  const parts = { train: await train.close(), test: await test.close() };
  checkTrainingRows(train.rows);
  return {
    preparation: preparationOf(job, shape),
    rows: train.rows,
    testRows: test.rows,
    columns,
    ...parts,
    targetMean: target.mean(0),
    targetVariance: target.variance(0),
    ...(weigher === null ? {} : { weighted: true }),
    ...openly(job, learned.target, { moments, deviations, offset }),
  };
}

function preparationOf(
  { target, options: { intercept, indexBuckets }, zeroBased }: PreparationJob<SparseWindow>,
  {
    classes,
    offset,
    features,
    deviations,
  }: Pick<Writing, "classes" | "offset" | "features" | "deviations">,
): Preparation {
  const names = Array.from({ length: features }, (_, i) => String(i + Number(!zeroBased)));
  return {
    version: 1,
    columns: [],
    target: {
      name: target.name,
      classes: classes?.labels ?? null,
      ...(offset === 0 ? {} : { offset }),
    },
    intercept,
    featureNames: intercept ? [...names, "intercept"] : names,
    sparse: true,
    ...(deviations === undefined ? {} : { deviations }),
    ...(zeroBased ? { zeroBased: true } : {}),
    ...(indexBuckets === undefined ? {} : { indexBuckets }),
  };
}

/** How many features rows have: as stated, where entries beyond are an error, or left out. */
function statedFeatures(
  { options, isPrivate }: PreparationJob<SparseWindow>,
  { found }: Learned,
): number {
  const { indexBuckets, features = indexBuckets } = options;
  if (features === undefined || isPrivate || found <= features) return features ?? found;
  throw new RunError("bad-index", `data.features: ${features}, and rows go up to index ${found}`, {
    hint: "state how many features there are at most, or leave data.features out",
  });
}

interface Learned {
  /** The largest index of any row, those of a test file too. */
  readonly found: number;
  /** Of the training rows, where it is a number. */
  readonly target: ColumnStatistics;
  readonly moments: SparseMoments;
}

async function learnColumns(
  job: PreparationJob<SparseWindow>,
  { split, weigher, isNumber }: { split: Split; weigher: Weigher | null; isNumber: boolean },
): Promise<Learned> {
  let total = 0;
  const target = new ColumnStatistics(1);
  const moments = new SparseMoments();
  const isTest = split.chooser();
  for (const spool of [job.train, job.test]) {
    if (spool === null) continue;
    for await (const window of spool.windows())
      for (let row = 0; row < window.rows; row++) {
        const end = window.offsets[row + 1]!;
        if (end > window.offsets[row]! && window.indices[end - 1]! >= total)
          total = window.indices[end - 1]! + 1;
        const isIdle = !learnsOfRows(job) && weigher === null;
        if (isIdle || spool === job.test) continue;
        if (isTest(window.labels[row]!)) continue;
        weigher?.add(1, window.labels[row]!);
        if (!learnsOfRows(job)) continue;
        moments.add(window, row);
        if (isNumber) target.add(window.labels, row);
      }
  }
  return { found: total, target, moments };
}

/** Private runs, which may not, neither scale nor centre. */
function learnsOfRows({ offsets, options }: PreparationJob<SparseWindow>): boolean {
  return offsets !== "kept" || options.standardize;
}

/** Of each feature; none where nothing may be learned, or nobody asks. */
function momentsOf(job: PreparationJob<SparseWindow>, { moments }: Learned, features: number) {
  const { offsets, options } = job;
  const isAsked = options.standardize || (offsets !== "kept" && features <= scaledMax);
  return Array.from({ length: isAsked ? features : 0 }, (_, j) => moments.of(j));
}

interface Told {
  /** Of features as they were. */
  readonly moments: ReturnType<typeof momentsOf>;
  readonly deviations: Preparation["deviations"];
  readonly offset: number;
}

/** As `openly` of dense rows; features of so many columns are left as they are. */
function openly(
  { offsets, target: { name } }: PreparationJob<SparseWindow>,
  target: ColumnStatistics,
  { moments, deviations, offset }: Told,
): Pick<PreparedContent, "scales" | "lost"> {
  if (offsets === "kept" || moments.length > scaledMax) return {};
  const lost = moments.flatMap(({ mean, deviation }, j) => {
    return lostDigitsOf(`feature ${j + 1}`, mean, deviation) ?? [];
  });
  const mean = target.mean(0) - offset;
  const own = lostDigitsOf(name, mean, Math.sqrt(target.variance(0)));
  if (own !== null) lost.push(own);
  const stored = deviations === undefined ? moments : dividedMoments(moments, deviations);
  return {
    ...(offsets === "centred" ? { scales: scalesOf(stored) } : {}),
    ...(lost.length === 0 ? {} : { lost }),
  };
}

interface Writing {
  readonly features: number;
  readonly deviations: Preparation["deviations"];
  readonly classes: Classes | null;
  /** Taken from every target. */
  readonly offset: number;
  readonly split: Split;
  readonly weigher: Weigher | null;
  /** The intercept's column, -1 for none. */
  readonly interceptAt: number;
  readonly train: SparsePartWriter;
  readonly test: SparsePartWriter;
}

/** Returns the statistics of the training targets and the classes among them. */
async function write(job: PreparationJob<SparseWindow>, to: Writing) {
  const statistics = new ColumnStatistics(1);
  const present = new Set<number>();
  const isTest = to.split.chooser();
  const isTestRecord = recordChooser(job);
  const value = new Float64Array(1);
  for (const spool of [job.train, job.test]) {
    if (spool === null) continue;
    for await (const window of spool.windows()) {
      divideEntries(window, to.deviations);
      for (let row = 0; row < window.rows; row++) {
        const label = window.labels[row]!;
        const target =
          to.classes === null ? label - to.offset : (to.classes.classOf[label] ?? Number.NaN);
        const isChosen = () =>
          isTestRecord?.(...recordOf(window, row, target, to.features)) ?? isTest(label);
        const testing = spool === job.test || isChosen();
        const writer = testing ? to.test : to.train;
        writer.buffer.add(window, row, target, to.features);
        if (to.interceptAt >= 0) writer.buffer.extend(to.interceptAt, 1);
        if (!testing) {
          value[0] = target;
          if (to.weigher !== null) writer.buffer.weigh(to.weigher.weigh(1, label));
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

/** A row's numbers: its entries within the features, and its target. */
function recordOf(window: SparseWindow, row: number, target: number, features: number) {
  const start = window.offsets[row]!;
  let end = window.offsets[row + 1]!;
  while (end > start && window.indices[end - 1]! >= features) end--;
  return [
    window.indices.subarray(start, end),
    window.values.subarray(start, end),
    Float32Array.of(target),
  ] as const;
}
