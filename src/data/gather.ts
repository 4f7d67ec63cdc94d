import { denseRowsOf, sparseRowsOf } from "../math/kernels/resident.ts";
import type { DenseRows, Examples, Rows, SparseRows } from "../math/rows.ts";

/**
 * The rows of several pieces as one, `rows` in all, in their order. Dense rows are copied at once to
 * where they stay, in a kernel's memory where there are many, so that no more than a piece is there
 * twice.
 */
export async function gathered(
  pieces: AsyncIterable<Examples>,
  rows: number,
  columns: number,
): Promise<Examples> {
  const targets = new Float32Array(rows);
  let weights: Float32Array | undefined;
  let dense: DenseRows | undefined;
  const sparse: SparseRows[] = [];
  let row = 0;
  for await (const piece of pieces) {
    targets.set(piece.targets, row);
    if (piece.weights !== undefined) {
      // Rows of pieces that say nothing count once.
      weights ??= new Float32Array(rows).fill(1);
      weights.set(piece.weights, row);
    }
    if (piece.rows.kind === "dense") {
      dense ??= denseRowsOf(rows, columns);
      dense.values.set(piece.rows.values, row * columns);
    } else {
      sparse.push(piece.rows);
    }
    row += piece.targets.length;
  }
  if (sparse.length === 0) dense ??= denseRowsOf(rows, columns);
  const joined: Rows = dense ?? joinedSparse(sparse, rows, columns);
  return weights === undefined ? { rows: joined, targets } : { rows: joined, targets, weights };
}

function joinedSparse(pieces: readonly SparseRows[], rows: number, columns: number): SparseRows {
  const entries = pieces.reduce((total, piece) => total + piece.values.length, 0);
  const joined = sparseRowsOf(rows, columns, entries);
  let row = 0;
  let at = 0;
  for (const piece of pieces) {
    joined.values.set(piece.values, at);
    joined.indices.set(piece.indices, at);
    for (let i = 1; i <= piece.rows; i++) joined.offsets[row + i] = at + piece.offsets[i]!;
    row += piece.rows;
    at += piece.values.length;
  }
  return joined;
}
