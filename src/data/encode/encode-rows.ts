import { assert } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { ChunkCode, CopyingCode, Encoding } from "../../encoding/encoding.ts";
import type { Store } from "../../ports/store.ts";
import type { Encoded, Prepared, StoredPart } from "../manifests.ts";
import { type ChunkPiece, denseChunks, type RowBlock, sparseChunks } from "../parts/chunks.ts";
import { DensePartWriter } from "../parts/dense-parts.ts";
import { partReader } from "../parts/load-parts.ts";
import type { Packing } from "../parts/packing.ts";
import type { RecordCoins } from "../parts/record-coins.ts";
import { scaledPieces } from "../parts/scaled-rows.ts";
import { SparsePartWriter } from "../parts/sparse-parts.ts";

/** What the encoders of dense and of sparse rows are given. */
export interface EncodeJob {
  readonly prepared: Prepared;
  readonly encoding: Encoding;
  readonly workers: number;
  readonly random: Random;
  /** Deals each record by itself, of copies of rows; null where the code deals them. */
  readonly coins: RecordCoins | null;
  /** Null where features are stored as they are. */
  readonly packing: Packing | null;
  /** Rows that count unlike are scaled: their loss is quadratic. */
  readonly isScaled: boolean;
  /** Of one slot's buffer. */
  readonly partBytesMax: number;
  readonly onRows: (done: number) => void;
}

/** The random stream of one chunk: a chunk's code depends on nothing but its number. */
export function streamOf(random: Random, chunk: number): Random {
  return random.fork(`chunk/${chunk}`);
}

/** Finishes the slots' writers, in order. */
export async function closedWriter(
  writers: readonly { readonly rows: number; close(): Promise<readonly StoredPart[]> }[],
): Promise<Encoded["slots"]> {
  const slots: Encoded["slots"][number][] = [];
  for (const writer of writers) {
    const parts = await writer.close();
    slots.push({ rows: writer.rows, parts });
  }
  return slots;
}

/** Encodes dense rows: copies them or mixes them, targets along with features. */
export async function encodeDense(job: EncodeJob, store: Store): Promise<Encoded["slots"]> {
  const { prepared, encoding, workers, random, coins, partBytesMax, packing, onRows } = job;
  const { columns } = prepared;
  const writers = Array.from(
    { length: workers },
    () => new DensePartWriter(store, columns, partBytesMax, packing),
  );
  const chunkRows = encoding.chunkRows(workers);
  const mixer = new Mixer(columns + 1);
  let index = 0;
  let done = 0;
  const pieces = piecesOf(job, store);
  for await (const chunk of denseChunks(pieces, prepared, chunkRows)) {
    const code =
      coins === null
        ? encoding.chunk(index, chunk.rows, workers, streamOf(random, index))
        : dealt(chunk.rows, workers, (row) =>
            coins.coin(chunk.values.subarray(row * chunk.width, (row + 1) * chunk.width)),
          );
    if (code.kind === "mixtures") await deal(mixer.mix(code, chunk), code, writers);
    else await deal(chunk, code, writers);
    index++;
    done += chunk.rows;
    onRows(done);
  }
  return closedWriter(writers);
}

/** The training rows as they are encoded, piece by piece. */
function piecesOf({ prepared, isScaled }: EncodeJob, store: Store): AsyncIterable<ChunkPiece> {
  const pieces = partReader(store, prepared.train, prepared.columns);
  return isScaled ? scaledPieces(pieces) : pieces;
}

/** Every row once, at the slot that its coin says. */
function dealt(rows: number, workers: number, coinOf: (row: number) => number): CopyingCode {
  return {
    kind: "copies",
    source: Uint32Array.from({ length: rows }, (_, row) => row),
    slots: Uint16Array.from({ length: rows }, (_, row) => Math.floor(workers * coinOf(row))),
  };
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
    const row = source === null ? stored : source[stored]!;
    let from = row * block.width;
    let to = used * columns;
    for (let j = 0; j < columns; j++) values[to++] = block.values[from++]!;
    writer.targets[used] = block.values[from]!;
    writer.used = used + 1;
    if (weights !== undefined || block.weights !== undefined)
      writer.weigh((weights?.[stored] ?? 1) * (block.weights?.[row] ?? 1));
    if (writer.isFull()) await writer.flush();
  }
}

/** Encodes sparse rows, which can only be copied. */
export async function encodeSparse(job: EncodeJob, store: Store): Promise<Encoded["slots"]> {
  const { prepared, encoding, workers, random, coins, partBytesMax, onRows } = job;
  const writers = Array.from(
    { length: workers },
    () => new SparsePartWriter(store, prepared.columns, partBytesMax),
  );
  let index = 0;
  let done = 0;
  const pieces = piecesOf(job, store);
  const chunks = sparseChunks(pieces, prepared.rows, encoding.chunkRows(workers));
  for await (const chunk of chunks) {
    const code =
      coins === null
        ? encoding.chunk(index, chunk.rows, workers, streamOf(random, index))
        : dealt(chunk.rows, workers, (row) => coins.coin(...chunk.numbersOf(row)));
    assert(code.kind === "copies", "an encoding that does not mix copies");
    for (let stored = 0; stored < code.slots.length; stored++) {
      const writer = writers[code.slots[stored]!]!;
      const row = code.source[stored]!;
      writer.buffer.add(chunk, row, chunk.targets[row]!);
      if (code.weights !== undefined || chunk.weights !== null)
        writer.buffer.weigh((code.weights?.[stored] ?? 1) * (chunk.weights?.[row] ?? 1));
      if (writer.full()) await writer.flush();
    }
    index++;
    done += chunk.rows;
    onRows(done);
  }
  return closedWriter(writers);
}
