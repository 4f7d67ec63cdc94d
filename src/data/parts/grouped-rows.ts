import { allocateDenseRows, allocateSparseRows } from "../../math/kernels/allocation.ts";
import type { DenseRows, Examples, Rows, SparseRows } from "../../math/rows.ts";

/**
 * The same rows in another order: those that count alike stand together, so that sums over them
 * need one multiplication a group. Rows without weights stay as they are.
 */
export function groupedByWeight(examples: Examples): Examples {
  const { rows, targets, weights } = examples;
  if (weights === undefined) return examples;
  const order = Uint32Array.from(weights.keys()).sort((a, b) => weights[a]! - weights[b]! || a - b);
  return {
    rows: inOrder(rows, order),
    targets: Float32Array.from(order, (row) => targets[row]!),
    weights: Float32Array.from(order, (row) => weights[row]!),
  };
}

function inOrder(rows: Rows, order: Uint32Array): Rows {
  return rows.kind === "dense" ? denseInOrder(rows, order) : sparseInOrder(rows, order);
}

function denseInOrder(rows: DenseRows, order: Uint32Array): DenseRows {
  const { columns } = rows;
  const result = allocateDenseRows(order.length, columns);
  for (const [to, from] of order.entries())
    result.values.set(rows.values.subarray(from * columns, (from + 1) * columns), to * columns);
  return result;
}

function sparseInOrder(rows: SparseRows, order: Uint32Array): SparseRows {
  const result = allocateSparseRows(order.length, rows.columns, rows.values.length);
  const { values, indices, offsets } = result;
  let at = 0;
  for (const [to, from] of order.entries()) {
    const [start, end] = [rows.offsets[from]!, rows.offsets[from + 1]!];
    values.set(rows.values.subarray(start, end), at);
    indices.set(rows.indices.subarray(start, end), at);
    at += end - start;
    offsets[to + 1] = at;
  }
  return result;
}
