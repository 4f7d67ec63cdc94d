import type { Prepared, StoredPart } from "../data/manifests.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import type { SparseRows } from "../math/rows.ts";
import type { ModelFigures } from "../ports/model-figures.ts";
import type { Store } from "../ports/store.ts";
import type { Problem } from "../problems/problem.ts";
import { RocAuc } from "../problems/roc-auc.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import { labelled } from "../tasks/minibatch.ts";

/**
 * Others that go through stored parts: threads of this machine. What they find is the same, to the
 * bit, as where one process does it alone. Null where it is not worth the start of a thread.
 */
export interface PartsPool {
  tally(work: TallyWork & { readonly problem: RunSpec["problem"] }): Promise<PartTallies | null>;
  gram(work: PartsWork): Promise<readonly Float64Array<ArrayBuffer>[] | null>;
  /** As one process evaluates a model, asked for as one of several. */
  measures(of: ModelWork, rows: "all" | "test"): Promise<ModelMeasures> | null;
  figures(of: ModelWork): Promise<ModelFigures | null> | null;
  gap(of: ModelWork): Promise<number | null> | null;
  close(): Promise<void>;
}

/** A model, and the rows that it is looked at on. */
export interface ModelWork {
  readonly prepared: Prepared;
  readonly problem: RunSpec["problem"];
  readonly weights: Float32Array<ArrayBuffer>;
}

/** What the rows say of a model; null where nobody asked those. */
export interface ModelMeasures {
  readonly train: RowMeasures | null;
  readonly test: RowMeasures | null;
  /** The mean loss over training rows that count unlike; null where they all count once. */
  readonly weightedLoss: number | null;
}

/** What of prepared rows a model is measured by: names of many features would be long. */
export type MeasuredRows = Pick<
  Prepared,
  "train" | "test" | "columns" | "rows" | "targetMean" | "targetVariance" | "weighted"
>;

/** With every score kept as it is, and with scores counted in bins. */
export interface RowMeasures {
  readonly exact: RowMetrics;
  readonly binned: RowMetrics;
  /** How many rows have a score. */
  readonly scores: number;
}

export type RowMetrics = ReturnType<Problem["metrics"]>;

export interface PartsWork {
  readonly parts: readonly StoredPart[];
  readonly columns: number;
}

/** Rows and the weights to evaluate on them. */
export interface TallyWork extends PartsWork {
  readonly weights: readonly Float32Array<ArrayBuffer>[];
  readonly about: number;
  /** For each of the weights: as many scores are kept one by one. */
  readonly scoresMax: readonly number[];
}

/** A problem's sums at each of the weights, of each part in order, and the areas of all parts. */
export interface PartTallies {
  readonly tallies: readonly (readonly Float64Array[])[];
  readonly areas: readonly RocAuc[];
}

/** One pass over the stored parts: memory holds one part at a time. */
export async function tallyParts(
  store: Store,
  problem: Problem,
  { parts, columns, weights, about, scoresMax }: TallyWork,
): Promise<PartTallies> {
  const areas = scoresMax.map((count) => new RocAuc(count));
  const tallies: Float64Array[][] = [];
  for await (const part of eachPart(store, parts, columns)) {
    const examples = labelled(part);
    tallies.push(weights.map((at, i) => problem.tally(examples, at, about, areas[i])));
  }
  return { tallies, areas };
}

/** Parts are added up in so many groups, whoever does it: so sums are the same everywhere. */
const gramGroups = 8;

/** The groups that parts are added up in. */
export function groupsOf(parts: readonly StoredPart[]): StoredPart[][] {
  return Array.from({ length: Math.min(gramGroups, parts.length) }, (_, group) =>
    parts.filter((_, part) => part % gramGroups === group),
  );
}

/** X'X over some parts, each row as often as it counts: its upper triangle, in order. */
export async function gramOf(
  store: Store,
  { parts, columns }: PartsWork,
): Promise<Float64Array<ArrayBuffer>> {
  const out = new Float64Array(columns * columns);
  for await (const { rows, weights } of eachPart(store, parts, columns)) {
    if (rows.kind === "sparse") {
      addSparseGram(rows, weights, out);
      continue;
    }
    const { values } = rows;
    const row = new Float64Array(columns);
    for (let at = 0; at < rows.rows; at++) {
      const from = at * columns;
      const times = weights === undefined ? 1 : weights[at]!;
      for (let j = 0; j < columns; j++) row[j] = values[from + j]!;
      for (let i = 0; i < columns; i++) {
        const factor = times * row[i]!;
        const base = i * columns;
        for (let j = i; j < columns; j++) out[base + j]! += factor * row[j]!;
      }
    }
  }
  return out;
}

/** Entries of a row rise by their column. */
function addSparseGram(
  { values, indices, offsets, rows, columns }: SparseRows,
  weights: Float32Array | undefined,
  out: Float64Array,
): void {
  for (let row = 0; row < rows; row++) {
    const end = offsets[row + 1]!;
    const times = weights === undefined ? 1 : weights[row]!;
    for (let a = offsets[row]!; a < end; a++) {
      const base = indices[a]! * columns;
      const factor = times * values[a]!;
      for (let b = a; b < end; b++) out[base + indices[b]!]! += factor * values[b]!;
    }
  }
}
