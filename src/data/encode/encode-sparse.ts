import { assert } from "../../core/errors.ts";
import type { Store } from "../../ports/store.ts";
import type { Encoded } from "../manifests.ts";
import { partReader } from "../parts/part-reader.ts";
import { sparseChunks } from "../parts/sparse-chunks.ts";
import { SparsePartWriter } from "../parts/sparse-parts.ts";
import { closedWriter, type EncodeJob, streamOf } from "./encode-job.ts";

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
  const pieces = partReader(store, prepared.train, prepared.columns);
  const chunks = sparseChunks(pieces, prepared.rows, encoding.chunkRows(workers));
  for await (const chunk of chunks) {
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
  return closedWriter(writers);
}
