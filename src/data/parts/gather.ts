import { assert } from "../../core/errors.ts";
import { allocateDenseRows, allocateSparseRows } from "../../math/kernels/allocation.ts";
import { packedWasmMatrix } from "../../math/kernels/packed-wasm-matrix.ts";
import { packedOf, storageOf } from "../../math/packing.ts";
import type { DenseRows, Examples, Rows, SparseRows } from "../../math/rows.ts";

/**
 * The rows of several pieces as one, `rows` in all, in their order. Dense rows are copied at once
 * to where they stay, in a kernel's memory where there are many, so that no more than a piece is
 * there twice.
 */
export async function gathered(
  pieces: AsyncIterable<Examples>,
  rows: number,
  columns: number,
): Promise<Examples> {
  const targets = new Float32Array(rows);
  let weights: Float32Array | undefined;
  let dense: DenseTarget | undefined;
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
      dense ??= denseTarget(piece.rows, rows, columns);
      dense.put(row, piece.rows);
    } else {
      sparse.push(piece.rows);
    }
    row += piece.targets.length;
  }
  const none = sparse.length === 0 ? allocateDenseRows(rows, columns) : undefined;
  const joined: Rows = dense?.rows ?? none ?? joinedSparse(sparse, rows, columns);
  return weights === undefined ? { rows: joined, targets } : { rows: joined, targets, weights };
}

interface DenseTarget {
  readonly rows: DenseRows;
  put(row: number, piece: DenseRows): void;
}

/** Where pieces like `like` are put together: packed where they are, if there are many rows. */
function denseTarget(like: DenseRows, rows: number, columns: number): DenseTarget {
  const packed = packedOf(like);
  const home = packed === undefined ? null : packedWasmMatrix(storageOf(packed), rows, columns);
  if (home !== null) {
    return {
      rows: home.rows,
      put(row, piece) {
        const part = packedOf(piece);
        assert(part !== undefined, "all parts of a shard are stored alike");
        home.put(row, part);
      },
    };
  }
  const result = allocateDenseRows(rows, columns);
  return { rows: result, put: (row, piece) => result.values.set(piece.values, row * columns) };
}

function joinedSparse(pieces: readonly SparseRows[], rows: number, columns: number): SparseRows {
  const entries = pieces.reduce((total, piece) => total + piece.values.length, 0);
  const joined = allocateSparseRows(rows, columns, entries);
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
