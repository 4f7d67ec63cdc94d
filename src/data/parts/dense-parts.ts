import { hash } from "node:crypto";
import { awaitedLater } from "../../core/awaited-later.ts";
import { assert, RunError } from "../../core/errors.ts";
import { sealedJson } from "../../core/seals.ts";
import { bounds } from "../../limits.ts";
import type { Store } from "../../ports/store.ts";
import { toSafetensors } from "../../wire/safetensors.ts";
import { parseManifest, type StoredPart } from "../manifests.ts";
import type { Packing } from "./packing.ts";

/** Rows that a writer has room for before it has any. */
const roomAtFirst = 256;

/**
 * Collects dense rows and writes them as content-addressed parts. Whoever adds a row writes it to
 * `values` at `used * columns` and its target to `targets[used]`, adds one to `used`, asks `isFull`
 * and flushes where it is. The arrays grow: most data sets are smaller than a part.
 */
export class DensePartWriter {
  readonly columns: number;
  values: Float32Array;
  targets: Float32Array;
  /** What rows count; null as long as each counts 1. */
  weights: Float32Array | null = null;
  used = 0;
  rows = 0;
  private readonly queue: PartQueue;
  private readonly packing: Packing | null;
  /** Rows of a part. */
  private readonly capacity: number;

  constructor(
    store: Store,
    columns: number,
    bytesMax: number = bounds.shardPartBytes,
    packing: Packing | null = null,
  ) {
    this.packing = packing;
    this.queue = new PartQueue(store);
    this.columns = columns;
    this.capacity = Math.max(1, Math.floor(bytesMax / (4 * (columns + 1))));
    const room = Math.min(this.capacity, roomAtFirst);
    this.values = new Float32Array(room * columns);
    this.targets = new Float32Array(room);
  }

  /** Whether the rows of a part are there; where they are not, there is room for one more. */
  isFull(): boolean {
    if (this.used === this.capacity) return true;
    if (this.used === this.targets.length) this.grow();
    return false;
  }

  /** What the last row counts: told of every row or of none. */
  weigh(weight: number): void {
    this.weights ??= new Float32Array(this.targets.length);
    this.weights[this.used - 1] = weight;
  }

  async flush(): Promise<void> {
    const rows = this.used;
    if (rows === 0) return;
    const { columns, weights } = this;
    const values = this.values.subarray(0, rows * columns);
    const bytes = toSafetensors({
      ...(this.packing?.tensors(values, rows, columns) ?? {
        values: { shape: [rows, columns], data: values },
      }),
      targets: { shape: [rows], data: this.targets.subarray(0, rows) },
      ...(weights === null ? {} : { weights: { shape: [rows], data: weights.subarray(0, rows) } }),
    });
    this.used = 0;
    this.rows += rows;
    await this.queue.add(bytes, rows);
  }

  /** Writes what is left; the writer is finished. */
  async close(): Promise<readonly StoredPart[]> {
    await this.flush();
    return this.queue.close();
  }

  private grow(): void {
    const room = Math.min(this.capacity, 4 * this.targets.length);
    this.values = longer(this.values, room * this.columns);
    this.targets = longer(this.targets, room);
    if (this.weights !== null) this.weights = longer(this.weights, room);
  }
}

function longer(array: Float32Array, length: number): Float32Array {
  const grown = new Float32Array(length);
  grown.set(array);
  return grown;
}

/** Writes parts in order, one at a time, while the next one is being made. */
export class PartQueue {
  private readonly store: Store;
  private readonly parts: StoredPart[] = [];
  private writing: Promise<StoredPart | null> = Promise.resolve(null);

  constructor(store: Store) {
    this.store = store;
  }

  /** Returns when the part before this one is written. Throws where that failed. */
  async add(bytes: Uint8Array, rows: number): Promise<void> {
    await this.finish();
    this.writing = awaitedLater(writePart(this.store, bytes, rows));
  }

  async close(): Promise<readonly StoredPart[]> {
    await this.finish();
    return this.parts;
  }

  private async finish(): Promise<void> {
    const part = await this.writing;
    this.writing = Promise.resolve(null);
    if (part !== null) this.parts.push(part);
  }
}

/** Writes one part under the digest of its bytes. */
async function writePart(store: Store, bytes: Uint8Array, rows: number): Promise<StoredPart> {
  assert(rows > 0, "a part holds at least one row");
  const sha256 = hash("sha256", bytes, "hex");
  const key = `parts/${sha256}.safetensors`;
  await store.writeOnce(key, bytes);
  return { key, sha256, rows, bytes: bytes.length };
}

/** The name of some content: the digest of its JSON. */
export function digestOf(content: object): string {
  return hash("sha256", JSON.stringify(content), "hex");
}

/**
 * A manifest, where it and every part it names are in the store; null where anything is absent, or
 * the manifest is damaged: it is then made again.
 */
export async function readPartManifest<M>(
  store: Store,
  key: string,
  partsOf: (manifest: M) => readonly StoredPart[],
): Promise<M | null> {
  const bytes = await store.read(key);
  const manifest = bytes === null ? null : wholeManifest<M>(bytes, key);
  if (manifest === null) return null;
  const present = new Set(await store.list("parts/"));
  return partsOf(manifest).every((part) => present.has(part.key)) ? manifest : null;
}

export async function writePartManifest(
  store: Store,
  key: string,
  manifest: object,
): Promise<void> {
  await store.write(key, sealedJson(JSON.stringify(manifest)));
}

function wholeManifest<M>(bytes: Uint8Array, key: string): M | null {
  try {
    return parseManifest<M>(bytes, key);
  } catch (thrown) {
    if (thrown instanceof RunError && thrown.code === "damaged-object") return null;
    throw thrown;
  }
}
