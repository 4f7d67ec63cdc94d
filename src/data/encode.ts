import { assert, RunError } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { Chosen } from "../core/registry.ts";
import type { ChunkCode, Encoding } from "../encoding/encoding.ts";
import { bounds } from "../limits.ts";
import type { DenseRows, Examples } from "../math/rows.ts";
import type { Store } from "../ports/store.ts";
import { eachPart } from "./load.ts";
import { DensePartWriter, digestOf, readManifest, writeManifest } from "./parts.ts";
import type { Encoded, Prepared } from "./prepared.ts";

/** How to encode: an encoding with the name and options it was made from. */
export interface EncodeRequest {
  readonly encoding: Encoding;
  readonly chosen: Chosen;
  readonly workers: number;
  readonly seed: number;
}

/** All slots' buffers together. */
const buffersBytesMax = 128 * 1024 * 1024;
const formatVersion = 1;

/**
 * Encodes prepared training rows into one shard a slot, chunk by chunk, with a manifest at
 * `encoded/<digest>.json`. The same rows, encoding, workers and seed give the same shards, and
 * what is in the store already is not made again. `onProgress` counts data rows.
 */
export async function encode(
  prepared: Prepared,
  request: EncodeRequest,
  store: Store,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<Encoded> {
  const { encoding, chosen, workers, seed } = request;
  assert(workers >= 1 && workers <= bounds.workersMax, "the number of workers was checked before");
  if (prepared.preparation.sparse && encoding.mixes)
    throw new RunError(
      "sparse-mixing",
      `encoding ${chosen.type}: it mixes rows, which would make sparse data dense`,
      { hint: "choose an encoding that copies rows, such as replication or uncoded" },
    );
  const digest = digestOf({ formatVersion, prepared: prepared.digest, chosen, workers, seed });
  const key = `encoded/${digest}.json`;
  const before = await readManifest<Encoded>(store, key, (found) =>
    found.slots.flatMap((slot) => slot.parts),
  );
  if (before !== null) return before;
  const slots = await denseSlots(prepared, request, store, onProgress);
  const encoded: Encoded = {
    version: 1,
    digest,
    prepared: prepared.digest,
    encoding: chosen,
    seed,
    workers,
    rows: prepared.rows,
    columns: prepared.columns,
    scale: encoding.scale(workers),
    slots,
  };
  await writeManifest(store, key, encoded);
  return encoded;
}

async function denseSlots(
  prepared: Prepared,
  { encoding, workers, seed }: EncodeRequest,
  store: Store,
  onProgress: (done: number, total: number) => void,
): Promise<Encoded["slots"]> {
  const { columns } = prepared;
  const bytesMax = Math.min(bounds.shardPartBytes, Math.floor(buffersBytesMax / workers));
  const writers = Array.from(
    { length: workers },
    () => new DensePartWriter(store, columns, bytesMax),
  );
  const random = randomFrom(seed).fork("encode");
  const chunkRows = encoding.chunkRows(workers);
  const mixer = new Mixer(columns + 1);
  let index = 0;
  let done = 0;
  for await (const chunk of chunks(prepared, chunkRows, store)) {
    const code = encoding.chunk(index, chunk.rows, workers, streamOf(random, index));
    if (code.kind === "mixtures") await deal(mixer.mix(code, chunk), code.slots, null, writers);
    else await deal(chunk, code.slots, code.source, writers);
    index++;
    done += chunk.rows;
    onProgress(done, prepared.rows);
  }
  const slots: Encoded["slots"][number][] = [];
  for (const writer of writers) {
    const parts = await writer.close();
    slots.push({ rows: writer.rows, parts });
  }
  return slots;
}

function streamOf(random: Random, chunk: number): Random {
  return random.fork(`chunk/${chunk}`);
}

/** Rows of [features | target], row-major. */
interface Block {
  readonly rows: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** The training rows in blocks of `chunkRows`, the last may have fewer; `values` is used again. */
async function* chunks(prepared: Prepared, chunkRows: number, store: Store): AsyncGenerator<Block> {
  const width = prepared.columns + 1;
  const capacity = Math.min(chunkRows, prepared.rows);
  const values = new Float32Array(capacity * width);
  let rows = 0;
  for await (const part of eachPart(store, prepared.train, prepared.columns)) {
    for (let from = 0; from < part.targets.length; ) {
      const count = Math.min(capacity - rows, part.targets.length - from);
      copyRows(part, from, count, values, rows * width);
      from += count;
      rows += count;
      if (rows < capacity) continue;
      yield { rows, width, values };
      rows = 0;
    }
  }
  if (rows > 0) yield { rows, width, values };
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

/** Applies mixing codes, with one buffer for all chunks. */
class Mixer {
  private readonly width: number;
  private out = new Float32Array(0);

  constructor(width: number) {
    this.width = width;
  }

  mix(code: Extract<ChunkCode, { kind: "mixtures" }>, chunk: Block): Block {
    const rows = code.slots.length;
    const length = rows * this.width;
    if (this.out.length < length) this.out = new Float32Array(length);
    const values = this.out.subarray(0, length);
    code.encode(chunk.values.subarray(0, chunk.rows * this.width), this.width, values);
    return { rows, width: this.width, values };
  }
}

/** Gives each stored row to its slot: row `source[j]` of the block, or row j where that is null. */
async function deal(
  block: Block,
  slots: Uint16Array,
  source: Uint32Array | null,
  writers: readonly DensePartWriter[],
): Promise<void> {
  const columns = block.width - 1;
  for (let stored = 0; stored < slots.length; stored++) {
    const writer = writers[slots[stored]!]!;
    const { values, used } = writer;
    let from = (source === null ? stored : source[stored]!) * block.width;
    let to = used * columns;
    for (let j = 0; j < columns; j++) values[to++] = block.values[from++]!;
    writer.targets[used] = block.values[from]!;
    writer.used = used + 1;
    if (writer.used === writer.capacity) await writer.flush();
  }
}
