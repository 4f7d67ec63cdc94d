import { assert } from "../core/errors.ts";
import type { SparseRows } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import { closed, type EncodeJob, streamOf } from "./encode-job.ts";
import { eachPart } from "./load.ts";
import type { Encoded, Prepared } from "./prepared.ts";
import { SparseBuffer, SparsePartWriter } from "./sparse-parts.ts";

/** Encodes sparse rows, which can only be copied. */
export async function encodeSparse(
  { prepared, encoding, workers, random, partBytesMax, onRows }: EncodeJob,
  store: Store,
): Promise<Encoded["slots"]> {
  const writers = Array.from(
    { length: workers },
    () => new SparsePartWriter(store, prepared.columns, partBytesMax),
  );
  let index = 0;
  let done = 0;
  for await (const chunk of chunks(prepared, encoding.chunkRows(workers), store)) {
    const code = encoding.chunk(index, chunk.rows, workers, streamOf(random, index));
    assert(code.kind === "copies", "an encoding that does not mix copies");
    for (let stored = 0; stored < code.slots.length; stored++) {
      const writer = writers[code.slots[stored]!]!;
      const row = code.source[stored]!;
      writer.buffer.add(chunk, row, chunk.targets[row]!);
      if (code.weights !== undefined) writer.buffer.weigh(code.weights[stored]!);
      if (writer.full()) await writer.flush();
    }
    index++;
    done += chunk.rows;
    onRows(done);
  }
  return closed(writers);
}

/** The training rows in blocks of `chunkRows`, the last may have fewer; the block is used again. */
async function* chunks(
  prepared: Prepared,
  chunkRows: number,
  store: Store,
): AsyncGenerator<SparseBuffer> {
  const block = new SparseBuffer();
  for await (const part of eachPart(store, prepared.train, prepared.columns)) {
    const rows = part.rows as SparseRows;
    for (let row = 0; row < rows.rows; row++) {
      block.add(rows, row, part.targets[row]!);
      if (block.rows < chunkRows) continue;
      yield block;
      block.clear();
    }
  }
  if (block.rows > 0) yield block;
}
