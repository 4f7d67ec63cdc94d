import { RunError } from "../core/errors.ts";
import { clipFactor } from "../math/clip-factor.ts";
import type { RowBatch } from "./batches.ts";

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
