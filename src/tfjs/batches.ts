import type { Examples, Rows } from "../math/rows.ts";

/** Rows that go through a network at once, dense, a row after another. */
export interface RowBatch {
  readonly from: number;
  readonly count: number;
  readonly values: Float32Array;
  readonly targets: Float32Array;
}

/** Rows at once; more would only take memory. */
export const batchRows = 256;

export function* rowBatches({ rows, targets }: Examples): Generator<RowBatch> {
  for (let from = 0; from < rows.rows; from += batchRows) {
    const to = Math.min(rows.rows, from + batchRows);
    const values = denseValues(rows, from, to);
    yield { from, count: to - from, values, targets: targets.subarray(from, to) };
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
