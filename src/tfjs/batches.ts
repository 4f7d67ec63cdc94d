import { RunError } from "../core/errors.ts";
import type { Examples, Rows } from "../math/rows.ts";
import { clipFactor } from "../math/vector.ts";

/** Rows that go through a network at once, dense, a row after another. */
export interface RowBatch {
  readonly from: number;
  readonly count: number;
  readonly values: Float32Array;
  readonly targets: Float32Array;
  /** What each row counts; 1 where absent. */
  readonly rowWeights?: Float32Array | undefined;
}

/** Rows at once; more would only take memory. */
export const batchRows = 256;

export function* rowBatches({ rows, targets, weights }: Examples): Generator<RowBatch> {
  for (let from = 0; from < rows.rows; from += batchRows) {
    const to = Math.min(rows.rows, from + batchRows);
    const values = denseValues(rows, from, to);
    const rowWeights = weights?.subarray(from, to);
    yield { from, count: to - from, values, targets: targets.subarray(from, to), rowWeights };
  }
}

function denseValues(rows: Rows, from: number, to: number): Float32Array {
  const { columns } = rows;
  if (rows.kind === "dense") return rows.values.subarray(from * columns, to * columns);
  const values = new Float32Array((to - from) * columns);
  for (let row = from; row < to; row++)
    for (let at = rows.offsets[row]!; at < rows.offsets[row + 1]!; at++)
      values[(row - from) * columns + rows.indices[at]!] = rows.values[at]!;
  return values;
}

/** How many rows of weight 1 count as much as these. */
export function weightOfRows({
  count,
  rowWeights,
}: Pick<RowBatch, "count" | "rowWeights">): number {
  return rowWeights === undefined ? count : rowWeights.reduce((sum, weight) => sum + weight, 0);
}

/** Adds the gradient of a portion to `gradient`. */
type AddGradient = (part: RowBatch, gradient: Float64Array) => unknown;

/** Rows one by one: whatever the layers are, a row's gradient is its own. */
export function addClippedRows(
  { from, count, values, targets }: RowBatch,
  clip: number,
  clipped: Float64Array,
  addGradient: AddGradient,
): void {
  const columns = values.length / Math.max(1, count);
  const own = new Float64Array(clipped.length);
  for (let row = 0; row < count; row++) {
    own.fill(0);
    const at = { from: from + row, count: 1, targets: targets.subarray(row, row + 1) };
    addGradient({ ...at, values: values.subarray(row * columns, (row + 1) * columns) }, own);
    let squares = 0;
    for (const value of own) squares += value * value;
    const factor = clipFactor(Math.sqrt(squares), own.length, clip);
    if (factor === 0) continue;
    for (let i = 0; i < own.length; i++) clipped[i]! += factor * own[i]!;
  }
}

/** Refuses layers that carry something from one row to the next. */
export function refuseStateful(layers: readonly { readonly stateful: boolean }[]): void {
  if (!layers.some(({ stateful }) => stateful)) return;
  throw new RunError(
    "not-private",
    "problem.model: a stateful layer carries what it saw of one record to the next, which no " +
      "clipping of records bounds",
    { hint: "build the layer with stateful: false" },
  );
}
