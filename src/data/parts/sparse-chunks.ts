import type { SparseRows } from "../../math/rows.ts";
import type { ChunkPiece } from "./dense-chunks.ts";
import { SparseBuffer } from "./sparse-parts.ts";

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
