import { assert, RunError } from "../../core/errors.ts";
import { randomFrom } from "../../core/random.ts";
import type { ChunkCode } from "../../encoding/encoding.ts";
import type { Store } from "../../ports/store.ts";
import { toSafetensors } from "../../wire/safetensors.ts";
import type { Encoded, Prepared, StoredPart } from "../manifests.ts";
import {
  DensePartWriter,
  digestOf,
  PartQueue,
  readPartManifest,
  writePartManifest,
} from "../parts/dense-parts.ts";
import { eachPart } from "../parts/load-parts.ts";
import type { EncodeRequest } from "./encode.ts";
import { streamOf } from "./encode-rows.ts";
import { type Slab, slabsOf } from "./feature-slabs.ts";

/**
 * Blocks of lifted features, one a slot: slot i holds S_i [X' | I], a row for each of its lifted
 * features, a column for each data row and then for each feature. Each part is a slab of columns.
 */
export interface EncodedFeatures extends Encoded {
  /** How many columns each part of every slot has, in order. */
  readonly slabs: readonly number[];
  /** The targets of the data rows, stored once: rows of no columns. */
  readonly targets: readonly StoredPart[];
  /** The last feature is an intercept. */
  readonly intercept: boolean;
}

export function isOfFeatures(encoded: Encoded): encoded is EncodedFeatures {
  return "slabs" in encoded;
}

/** All slots' parts of one slab together. */
const usualSlabBytes = 64 * 1024 * 1024;
/** What one worker is to keep in memory. */
const blockBytesMax = 512 * 1024 * 1024;
const formatVersion = 1;

/**
 * Encodes the features of the prepared training rows, intercept included, with a manifest at
 * `encoded/<digest>.json`: X and the identity stream through slab by slab, so that memory holds one
 * slab however many rows there are. Sparse rows become dense. The same rows, encoding, workers and
 * seed give the same blocks, and what is in the store already is not made again.
 */
export async function encodeFeatures(
  prepared: Prepared,
  request: EncodeRequest,
  store: Store,
  onProgress: (done: number, total: number) => void = () => undefined,
  slabBytesMax: number = usualSlabBytes,
): Promise<EncodedFeatures> {
  const { encoding, chosen, workers, seed } = request;
  const content = { formatVersion, of: "features", prepared: prepared.digest };
  const digest = digestOf({ ...content, chosen, workers, seed });
  const key = `encoded/${digest}.json`;
  const before = await readPartManifest<EncodedFeatures>(store, key, (manifest) => [
    ...manifest.targets,
    ...manifest.slots.flatMap((slot) => slot.parts),
  ]);
  if (before !== null) return before;
  const code = codeOf(prepared.columns, request);
  refuseLargeBlocks(prepared, workers, Math.max(...code.storedRows));
  const { slabs, queues } = await writeSlabs(prepared, code, store, slabBytesMax, onProgress);
  const slots: Encoded["slots"][number][] = [];
  for (const [slot, queue] of queues.entries())
    slots.push({ rows: code.storedRows[slot]!, parts: await queue.close() });
  const encoded: EncodedFeatures = {
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
    slabs,
    targets: await writeTargets(prepared, store),
    intercept: prepared.preparation.intercept,
  };
  await writePartManifest(store, key, encoded);
  return encoded;
}

/** S: the code of each chunk of features, and how many stored rows each slot gets of all. */
interface FeatureCode {
  readonly chunks: readonly { readonly start: number; rows: number; readonly code: ChunkCode }[];
  readonly storedRows: readonly number[];
}

function codeOf(features: number, { encoding, workers, seed }: EncodeRequest): FeatureCode {
  const random = randomFrom(seed).fork("encode");
  const full = encoding.chunkRows(workers);
  const chunks: FeatureCode["chunks"][number][] = [];
  const storedRows = new Array<number>(workers).fill(0);
  for (let start = 0; start < features; start += full) {
    const index = chunks.length;
    const rows = Math.min(full, features - start);
    const code = encoding.chunk(index, rows, workers, streamOf(random, index));
    for (const slot of code.slots) storedRows[slot]!++;
    chunks.push({ start, rows, code });
  }
  return { chunks, storedRows };
}

function refuseLargeBlocks(
  { rows, columns, preparation }: Prepared,
  workers: number,
  storedRowsMax: number,
): void {
  const bytes = 4 * storedRowsMax * (rows + columns);
  if (bytes <= blockBytesMax) return;
  const mebibytes = (count: number) => `${Math.ceil(count / 2 ** 20)} MiB`;
  const needed = Math.ceil((workers * bytes) / blockBytesMax);
  const dense = preparation.sparse ? "; sparse rows become dense here" : "";
  throw new RunError(
    "blocks-too-large",
    `workers: ${workers}: a worker would keep a block of ${mebibytes(bytes)}, but at most ` +
      `${mebibytes(blockBytesMax)} fit beside its work${dense}`,
    { hint: `raise workers to ${needed} or so, or choose strategy: rounds` },
  );
}

interface Written {
  readonly slabs: readonly number[];
  readonly queues: readonly PartQueue[];
}

async function writeSlabs(
  prepared: Prepared,
  code: FeatureCode,
  store: Store,
  slabBytesMax: number,
  onProgress: (done: number, total: number) => void,
): Promise<Written> {
  const { rows, columns } = prepared;
  const storedRows = code.storedRows.reduce((sum, count) => sum + count, 0);
  const width = Math.max(1, Math.floor(slabBytesMax / (4 * storedRows)));
  const queues = code.storedRows.map(() => new PartQueue(store));
  const slabs: number[] = [];
  let done = 0;
  for await (const slab of slabsOf(prepared, Math.min(width, rows + columns), store)) {
    for (const [slot, values] of encodedSlab(slab, code).entries()) {
      const slotRows = code.storedRows[slot]!;
      if (slotRows === 0) continue;
      const bytes = toSafetensors({
        values: { shape: [slotRows, slab.width], data: values },
        targets: { shape: [slotRows], data: new Float32Array(slotRows) },
      });
      await queues[slot]!.add(bytes, slotRows);
    }
    slabs.push(slab.width);
    done += slab.width;
    onProgress(Math.min(done, rows), rows);
  }
  return { slabs, queues };
}

/** S times the slab, slot by slot. */
function encodedSlab({ width, values }: Slab, { chunks, storedRows }: FeatureCode): Float32Array[] {
  const slots = storedRows.map((rows) => new Float32Array(rows * width));
  const used = storedRows.map(() => 0);
  for (const { start, rows, code } of chunks) {
    let mixed = values.subarray(start * width, (start + rows) * width);
    if (code.kind === "mixtures") {
      const plain = mixed;
      mixed = new Float32Array(code.slots.length * width);
      code.encode(plain, width, mixed);
    }
    for (const [stored, slot] of code.slots.entries()) {
      // Copies count alike here: what a code weighs them by belongs to sums over rows of data.
      const from = (code.kind === "copies" ? code.source[stored]! : stored) * width;
      slots[slot]!.set(mixed.subarray(from, from + width), used[slot]! * width);
      used[slot]!++;
    }
  }
  assert(
    used.every((count, slot) => count === storedRows[slot]),
    "every slab fills every slot",
  );
  return slots;
}

async function writeTargets(prepared: Prepared, store: Store): Promise<readonly StoredPart[]> {
  const writer = new DensePartWriter(store, 0);
  for await (const { targets } of eachPart(store, prepared.train, prepared.columns)) {
    for (const target of targets) {
      writer.targets[writer.used++] = target;
      if (writer.isFull()) await writer.flush();
    }
  }
  return writer.close();
}
