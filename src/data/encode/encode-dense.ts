import type { ChunkCode } from "../../encoding/encoding.ts";
import type { Store } from "../../ports/store.ts";
import type { Encoded } from "../manifests.ts";
import { denseChunks, type RowBlock } from "../parts/dense-chunks.ts";
import { DensePartWriter } from "../parts/dense-parts.ts";
import { partReader } from "../parts/part-reader.ts";
import { closedWriter, type EncodeJob, streamOf } from "./encode-job.ts";

/** Encodes dense rows: copies them or mixes them, targets along with features. */
export async function encodeDense(
  { prepared, encoding, workers, random, partBytesMax, packing, onRows }: EncodeJob,
  store: Store,
): Promise<Encoded["slots"]> {
  const { columns } = prepared;
  const writers = Array.from(
    { length: workers },
    () => new DensePartWriter(store, columns, partBytesMax, packing),
  );
  const chunkRows = encoding.chunkRows(workers);
  const mixer = new Mixer(columns + 1);
  let index = 0;
  let done = 0;
  const pieces = partReader(store, prepared.train, columns);
  for await (const chunk of denseChunks(pieces, prepared, chunkRows)) {
    const code = encoding.chunk(index, chunk.rows, workers, streamOf(random, index));
    if (code.kind === "mixtures") await deal(mixer.mix(code, chunk), code, writers);
    else await deal(chunk, code, writers);
    index++;
    done += chunk.rows;
    onRows(done);
  }
  return closedWriter(writers);
}

/** Applies mixing codes, with one buffer for all chunks. */
export class Mixer {
  private readonly width: number;
  private out = new Float32Array(0);

  constructor(width: number) {
    this.width = width;
  }

  mix(code: Extract<ChunkCode, { kind: "mixtures" }>, chunk: RowBlock): RowBlock {
    const rows = code.slots.length;
    const length = rows * this.width;
    if (this.out.length < length) this.out = new Float32Array(length);
    const values = this.out.subarray(0, length);
    code.encode(chunk.values.subarray(0, chunk.rows * this.width), this.width, values);
    return { rows, width: this.width, values };
  }
}

/** Gives each stored row to its slot: of mixtures row j, of copies row `source[j]` of the block. */
async function deal(
  block: RowBlock,
  code: ChunkCode,
  writers: readonly DensePartWriter[],
): Promise<void> {
  const columns = block.width - 1;
  const { slots } = code;
  const source = code.kind === "copies" ? code.source : null;
  const weights = code.kind === "copies" ? code.weights : undefined;
  for (let stored = 0; stored < slots.length; stored++) {
    const writer = writers[slots[stored]!]!;
    const { values, used } = writer;
    let from = (source === null ? stored : source[stored]!) * block.width;
    let to = used * columns;
    for (let j = 0; j < columns; j++) values[to++] = block.values[from++]!;
    writer.targets[used] = block.values[from]!;
    if (weights !== undefined) {
      writer.weights ??= new Float32Array(writer.capacity);
      writer.weights[used] = weights[stored]!;
    }
    writer.used = used + 1;
    if (writer.used === writer.capacity) await writer.flush();
  }
}
