import { parseOptions } from "../../core/registry.ts";
import { type DataOptions, dataSchema } from "../../data/options.ts";
import { isRatings } from "../../data/prepare/rating-rows.ts";
import { transformer } from "../../data/prepare/transform.ts";
import type { SourceOpener } from "../../data/sources/source.ts";
import type { Examples, Rows } from "../../math/rows.ts";
import { classAt, classProbabilities } from "../../problems/class-probabilities.ts";
import { predictLinear as linear } from "../../problems/linear.ts";
import { problems } from "../../problems/registry.ts";
import { Residuals } from "../../problems/residuals.ts";
import { type Confusion, RocAuc } from "../../problems/roc-auc.ts";
import { withTwoClassMetrics } from "../../problems/two-class-metrics.ts";
import { openDataSource } from "../open-source.ts";
import type { TrainedModel } from "./model.ts";

/** A model's predictions for some rows of a file, and how good they are where that is known. */
export interface Predictions {
  /** The number of the first row within the file, from 0. */
  readonly firstRow: number;
  readonly rows: number;
  /** Predicted numbers, or margins: one block of rows an output; one output for two classes. */
  readonly values: Float64Array;
  /** The class that each row is taken for; null for numbers. */
  readonly classes: Uint32Array | null;
  /** The probability of every class, a block of rows a class; null where there is none. */
  readonly chances: Float64Array | null;
  /**
   * Over all rows up to this batch whose target is known; null while there are none. Computed on
   * request: the area under the curve sorts all scores.
   */
  readonly metrics: Readonly<Record<string, number>> | null;
  readonly knownRows: number;
  /** Of two classes that are scored: rows by their class and by the one they are taken for. */
  readonly confusion: Confusion | null;
  /** Of numbers: below which 5, 50 and 95 % of targets minus predictions lie. */
  readonly residuals: readonly number[] | null;
}

/** How files are written, as far as that is no matter of the model. */
export type ReadingOptions = Pick<
  DataOptions,
  "delimiter" | "header" | "missing" | "missingValues"
>;

/** How a run's data were written, so that other files of that kind can be read. */
export function modelReader(data: ReadingOptions, { preparation }: TrainedModel): DataOptions {
  const { delimiter, header, missing, missingValues } = data;
  const format = preparation.sparse && !isRatings(preparation) ? "libsvm" : "auto";
  const input = { source: "-", format, delimiter, header, missing, missingValues };
  return parseOptions(dataSchema, input, "data");
}

/** Predicts the rows of a data file, batch by batch, in file order. */
export async function* predictRows(
  model: TrainedModel,
  source: string,
  reading: DataOptions,
  onNote?: (text: string) => void,
  open: SourceOpener = openDataSource,
): AsyncGenerator<Predictions> {
  const problem = problems.create(model.problem);
  const { offset = 0 } = model.preparation.target;
  let about: number | undefined;
  let tally: Float64Array | null = null;
  let knownRows = 0;
  const area = new RocAuc();
  const residuals = new Residuals();
  const { batches } = transformer(model.preparation, reading, onNote);
  for await (const batch of batches(source, open)) {
    const { rows, targets, firstRow } = batch;
    const outputs = problem.predict?.(rows, model.weights) ?? linear(rows, model.weights);
    const values = offset === 0 ? outputs : outputs.map((output) => output + offset);
    const chances = classProbabilities(problem, values, rows.rows);
    const classes =
      problem.target === "classes"
        ? Uint32Array.from({ length: rows.rows }, (_, i) => classAt(values, rows.rows, i))
        : null;
    const labelled = targets === null ? null : withKnownTargets(rows, targets);
    if (labelled !== null && labelled.rows.rows > 0) {
      about ??= labelled.targets[0]!;
      const more = problem.tally(labelled, model.weights, about, area);
      tally = tally === null ? more : tally.map((sum, i) => sum + more[i]!);
      knownRows += labelled.rows.rows;
      if (classes === null)
        for (const [i, target] of targets!.entries()) residuals.add(target + offset - values[i]!);
    }
    const sums = tally;
    yield {
      ...{ firstRow, rows: rows.rows, values, classes, chances, knownRows },
      get metrics() {
        return sums === null ? null : withTwoClassMetrics(problem.metrics(sums).metrics, area);
      },
      get confusion() {
        return area.value() === null ? null : area.confusion();
      },
      get residuals() {
        return sums === null || classes !== null ? null : residuals.quantiles([0.05, 0.5, 0.95]);
      },
    };
  }
}

function withKnownTargets(rows: Rows, targets: Float32Array): Examples {
  const withTarget = [...targets.keys()].filter((row) => !Number.isNaN(targets[row]));
  if (withTarget.length === targets.length) return { rows, targets };
  return {
    rows: selected(rows, withTarget),
    targets: Float32Array.from(withTarget, (row) => targets[row]!),
  };
}

function selected(rows: Rows, chosen: readonly number[]): Rows {
  const { columns } = rows;
  if (rows.kind === "dense") {
    const values = new Float32Array(chosen.length * columns);
    for (const [to, row] of chosen.entries())
      values.set(rows.values.subarray(row * columns, (row + 1) * columns), to * columns);
    return { kind: "dense", rows: chosen.length, columns, values };
  }
  const offsets = new Uint32Array(chosen.length + 1);
  for (const [to, row] of chosen.entries())
    offsets[to + 1] = offsets[to]! + rows.offsets[row + 1]! - rows.offsets[row]!;
  const values = new Float32Array(offsets.at(-1)!);
  const indices = new Uint32Array(offsets.at(-1)!);
  for (const [to, row] of chosen.entries()) {
    const [from, end] = [rows.offsets[row]!, rows.offsets[row + 1]!];
    values.set(rows.values.subarray(from, end), offsets[to]!);
    indices.set(rows.indices.subarray(from, end), offsets[to]!);
  }
  return { kind: "sparse", rows: chosen.length, columns, values, indices, offsets };
}
