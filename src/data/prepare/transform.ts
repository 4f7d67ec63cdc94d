import { RunError } from "../../core/errors.ts";
import { inQuotes, nearest } from "../../core/text.ts";
import type { DenseRows, SparseRows } from "../../math/rows.ts";
import { hashedLevels } from "../formats/hashed-words.ts";
import {
  type Column,
  type DenseWindow,
  type Layout,
  newLevels,
  type SparseWindow,
  skipped,
  type Window,
} from "../formats/table.ts";
import { knownLevels } from "../formats/twins.ts";
import type { ColumnPlan, Preparation } from "../manifests.ts";
import type { DataOptions } from "../options.ts";
import { SparseBuffer } from "../parts/sparse-parts.ts";
import type { SourceOpener } from "../sources/source.ts";
import { classFinder } from "./classes.ts";
import { featureWriter, type WriteFeatures } from "./features.ts";
import { openInput } from "./input.ts";
import { classesMax } from "./layout.ts";
import { type Note, tellAside, tellNotes } from "./notes.ts";
import { type Batch, textBatches } from "./prepare-text.ts";
import { type AddRating, isRatings, ratingWriter } from "./rating-rows.ts";
import { divideEntries } from "./sparse-scales.ts";
import { countUnseen, UnseenRows } from "./unseen-levels.ts";

/** Turns raw rows into features the way a model's training data were. */
export interface Transformer {
  /**
   * The rows of `source`, in file order. The target column may be absent. A level that was not
   * seen in training gives zeros.
   */
  batches(source: string, open: SourceOpener): AsyncGenerator<Batch>;
}

/**
 * The transformer of a saved preparation. `reading` says how files are written; `onNote` hears what
 * of a file is left out.
 */
export function transformer(
  preparation: Preparation,
  reading: DataOptions,
  onNote: Note = () => undefined,
): Transformer {
  return {
    async *batches(source, open) {
      if (preparation.pairs !== undefined)
        throw new RunError("bad-format", `${source}: the model translates sentences to text`, {
          hint: "kofn predict RUN SENTENCES writes translations; in code: translate()",
        });
      if (preparation.text !== undefined) {
        yield* textBatches(preparation.text, await open(source));
        return;
      }
      const { indexBuckets } = preparation;
      const input = await openInput(
        { ...reading, ...{ source, generate: undefined, targetSource: undefined }, indexBuckets },
        open,
      );
      const isLabelled = preparation.sparse && !isRatings(preparation);
      if (input.isSparse !== isLabelled)
        throw new RunError(
          "bad-format",
          `${input.name}: it is ${input.format}, but the model was trained on ` +
            `${isLabelled ? "LIBSVM data" : "columns"}`,
          { hint: "give the rows in the format the model was trained on" },
        );
      const layout = isLabelled ? labelsOf(preparation) : layoutOf(preparation, input.name, onNote);
      const zeroBased = preparation.zeroBased === true;
      const table = await input.table(layout, () => undefined, zeroBased);
      const read = table.columns.filter((column) => column.kind !== "skip");
      const toBatch = batcher(preparation, read);
      const unseen = new UnseenRows(preparation, read);
      const isDoubtful = zeroBased && (await input.hasIndexZero?.()) === false;
      let firstRow = 0;
      for await (const window of table.windows()) {
        if (isDoubtful) refuseShifted(window as SparseWindow, preparation, input.name);
        unseen.add(window);
        yield { ...toBatch(window), firstRow };
        firstRow += window.rows;
      }
      tellNotes(table, input.name, onNote);
      if (isDoubtful)
        onNote(`${input.name}: no index is 0; it is taken to count from 0, as the model's rows do`);
      unseen.tell(input.name, onNote);
    },
  };
}

/** Rows without an index of 0, and with one behind the last, count from 1. */
function refuseShifted(
  { indices, offsets, rows }: SparseWindow,
  { featureNames, intercept }: Preparation,
  file: string,
): void {
  const features = featureNames.length - Number(intercept);
  if (!indices.subarray(0, offsets[rows]!).includes(features)) return;
  throw new RunError(
    "bad-index",
    `${file}: an index is ${features}, and none is 0: it seems to count from 1, where the rows ` +
      "that the model was trained on count from 0",
    {
      hint: "write it with indices from 0, as dump_svmlight_file(X, y, FILE) of scikit-learn does",
    },
  );
}

/** What turns windows of these columns into batches. */
function batcher(
  preparation: Preparation,
  read: readonly Column[],
): (window: Window) => Omit<Batch, "firstRow"> {
  const target = read.findIndex((column) => column.isTarget);
  const readTarget = targetReader(preparation, read[target]);
  const columns = preparation.featureNames.length;
  if (isRatings(preparation)) {
    const add = ratingWriter(preparation, read);
    return (window) => ratingBatch(add, columns, readTarget, window as DenseWindow, target);
  }
  if (preparation.sparse)
    return (window) => sparseBatch(preparation, readTarget, window as SparseWindow);
  const write = featureWriter(preparation, read);
  return (window) => denseBatch(write, columns, readTarget, window as DenseWindow, target);
}

function layoutOf(preparation: Preparation, file: string, onNote: Note): Layout {
  return (fileColumns) => {
    const names = fileColumns.map((column) => column.name);
    const plans = new Map(preparation.columns.map((plan) => [plan.name, plan]));
    for (const name of plans.keys())
      if (!names.includes(name))
        throw new RunError("unknown-column", `${file}: column ${inQuotes(name)} is absent`, {
          hint: `${nearest(name, names)}the model was trained on it`,
        });
    for (const column of fileColumns)
      if (!plans.has(column.name) && column.name !== preparation.target.name)
        tellAside(column, file, onNote);
    return names.map((name) => {
      const plan = plans.get(name);
      if (plan !== undefined) return columnOf(plan);
      return name === preparation.target.name ? targetOf(preparation) : skipped(name);
    });
  };
}

function labelsOf(preparation: Preparation): Layout {
  return () => [targetOf(preparation)];
}

/** How a column that a model was trained on is read again. */
function columnOf(plan: ColumnPlan): Column {
  const { name } = plan;
  const missing = plan.fill === null ? "refuse" : "keep";
  const number = { name, kind: "number", missing, isTarget: false, levels: newLevels(0) } as const;
  const text = { ...number, kind: "text" } as const;
  switch (plan.kind) {
    case "numeric": {
      const truth = plan.truth === true ? { truth: true as const } : {};
      return { ...number, ...truth, ...(plan.date === true ? { date: true as const } : {}) };
    }
    case "date-parts":
      return { ...number, date: true };
    case "hash":
      return { ...text, levels: hashedLevels(plan.buckets) };
    case "ordinal":
      return { ...text, levels: { ...knownLevels(plan.levels), isClosed: true } };
    default:
      return { ...text, levels: countUnseen(knownLevels(plan.levels)) };
  }
}

/** Targets may be missing where they are to be predicted; they are read for comparison only. */
function targetOf({ target: { name, classes } }: Preparation): Column {
  const kind = classes === null ? "number" : "text";
  return { name, kind, missing: "keep", isTarget: true, levels: newLevels(classesMax) };
}

function denseBatch(
  write: WriteFeatures,
  columns: number,
  readTarget: (cell: number) => number,
  { rows, width, cells }: DenseWindow,
  target: number,
): Omit<Batch, "firstRow"> {
  const values = new Float32Array(rows * columns);
  const targets = target < 0 ? null : new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    write(cells, row * width, values, row * columns);
    if (targets !== null) targets[row] = readTarget(cells[row * width + target]!);
  }
  const features: DenseRows = { kind: "dense", rows, columns, values };
  return { rows: features, targets };
}

function sparseBatch(
  preparation: Preparation,
  readTarget: (cell: number) => number,
  window: SparseWindow,
): Omit<Batch, "firstRow"> {
  const columns = preparation.featureNames.length;
  const features = columns - (preparation.intercept ? 1 : 0);
  const buffer = new SparseBuffer();
  divideEntries(window, preparation.deviations);
  for (let row = 0; row < window.rows; row++) {
    buffer.add(window, row, readTarget(window.labels[row]!), features);
    if (preparation.intercept) buffer.extend(features, 1);
  }
  return batchOf(buffer, columns);
}

function ratingBatch(
  add: AddRating,
  columns: number,
  readTarget: (cell: number) => number,
  { rows, width, cells }: DenseWindow,
  target: number,
): Omit<Batch, "firstRow"> {
  const buffer = new SparseBuffer();
  for (let row = 0; row < rows; row++) {
    const base = row * width;
    add(cells, base, target < 0 ? Number.NaN : readTarget(cells[base + target]!), buffer);
  }
  const batch = batchOf(buffer, columns);
  return target < 0 ? { ...batch, targets: null } : batch;
}

function batchOf(buffer: SparseBuffer, columns: number): Omit<Batch, "firstRow"> {
  const { rows, entries } = buffer;
  const sparse: SparseRows = {
    kind: "sparse",
    rows,
    columns,
    values: buffer.values.slice(0, entries),
    indices: buffer.indices.slice(0, entries),
    offsets: buffer.offsets.slice(0, rows + 1),
  };
  return { rows: sparse, targets: buffer.targets.slice(0, rows) };
}

/** From a target's cell to what the model knows: numbers as they are, levels as classes. */
function targetReader({ target }: Preparation, column: Column | undefined) {
  const { offset = 0 } = target;
  if (target.classes === null || column === undefined) return (cell: number) => cell - offset;
  const find = classFinder(target.classes);
  return (cell: number) => find(column.levels.names[cell] ?? "");
}
