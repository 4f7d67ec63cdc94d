import type { DenseRows, Examples, SparseRows } from "../../math/rows.ts";
import { SparseBuffer } from "./sparse-parts.ts";

/** Rows of [features | target], row-major. */
export interface RowBlock {
  readonly rows: number;
  readonly width: number;
  readonly values: Float32Array;
  /** What rows count, where that is not 1. */
  readonly weights?: Float32Array;
}

/** A stored piece of the training rows: the first of them is data row `start`. */
export interface ChunkPiece {
  readonly start: number;
  readonly examples: Examples;
}

/**
 * The `rows` training rows in blocks of `chunkRows`, the last may have fewer; `values` is used
 * again. Rows between the pieces, which nobody asked for, are zero.
 */
export async function* denseChunks(
  pieces: AsyncIterable<ChunkPiece>,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  chunkRows: number,
): AsyncGenerator<RowBlock> {
  const width = columns + 1;
  const capacity = Math.min(chunkRows, rows);
  const values = new Float32Array(capacity * width);
  let weights: Float32Array | undefined;
  let done = 0;
  const block = (rows: number): RowBlock =>
    weights === undefined ? { rows, width, values } : { rows, width, values, weights };
  /** Takes rows up to data row `end` out of a piece, or zeros, and yields what is full. */
  function* fill(end: number, piece: ChunkPiece | null): Generator<RowBlock> {
    while (done < end) {
      const used = done % capacity;
      const count = Math.min(capacity - used, end - done);
      if (piece === null) values.fill(0, used * width, (used + count) * width);
      else {
        const from = done - piece.start;
        copyRows(piece.examples, from, count, values, used * width);
        const own = piece.examples.weights?.subarray(from, from + count);
        if (own !== undefined) weights ??= new Float32Array(capacity);
        if (own !== undefined) weights!.set(own, used);
      }
      done += count;
      if (used + count === capacity) yield block(capacity);
    }
  }
  for await (const piece of pieces) {
    yield* fill(piece.start, null);
    yield* fill(piece.start + piece.examples.targets.length, piece);
  }
  yield* fill(rows, null);
  if (done % capacity > 0) yield block(done % capacity);
}

function copyRows(part: Examples, from: number, count: number, out: Float32Array, at: number) {
  const { columns, values } = part.rows as DenseRows;
  let to = at;
  let source = from * columns;
  for (let row = from; row < from + count; row++) {
    for (let j = 0; j < columns; j++) out[to++] = values[source++]!;
    out[to++] = part.targets[row]!;
  }
}

/**
 * The `rows` training rows in blocks of `chunkRows`, the last may have fewer; the block is used
 * again. Rows between the pieces, which nobody asked for, have no entries.
 */
export async function* sparseChunks(
  pieces: AsyncIterable<ChunkPiece>,
  rows: number,
  chunkRows: number,
): AsyncGenerator<SparseBuffer> {
  const block = new SparseBuffer();
  let done = 0;
  function* fill(end: number, piece: ChunkPiece | null): Generator<SparseBuffer> {
    while (done < end) {
      if (piece === null) block.begin(0);
      else {
        const row = done - piece.start;
        block.add(piece.examples.rows as SparseRows, row, piece.examples.targets[row]!);
        const own = piece.examples.weights?.[row];
        if (own !== undefined) block.weigh(own);
      }
      done++;
      if (block.rows < chunkRows) continue;
      yield block;
      block.clear();
    }
  }
  for await (const piece of pieces) {
    yield* fill(piece.start, null);
    yield* fill(piece.start + piece.examples.targets.length, piece);
  }
  yield* fill(rows, null);
  if (block.rows > 0) yield block;
}
