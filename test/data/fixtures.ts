import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { RunError } from "../../src/core/errors.ts";
import { parseOptions } from "../../src/core/registry.ts";
import type { Preparation, Prepared } from "../../src/data/manifests.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import type { TargetKind } from "../../src/data/prepare/feature-column.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import type { Batch } from "../../src/data/prepare/prepare-text.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { openLocal } from "../../src/data/sources/local-source.ts";
import type { Source, SourceOpener } from "../../src/data/sources/source.ts";
import type { Store } from "../../src/ports/store.ts";

/** Objects in memory, with the store's laws as far as preparing needs them. */
export function memoryStore(): Store & { readonly objects: Map<string, Uint8Array> } {
  const objects = new Map<string, Uint8Array>();
  return {
    objects,
    async read(key) {
      return objects.get(key)?.slice() ?? null;
    },
    async write(key, bytes) {
      objects.set(key, bytes.slice());
    },
    async writeOnce(key, bytes) {
      if (objects.has(key)) return false;
      objects.set(key, bytes.slice());
      return true;
    },
    async list(prefix) {
      return [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    },
    async remove(key) {
      objects.delete(key);
    },
  };
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Files by name, given out in chunks of `chunkBytes`; any other name is a local path. */
export function opener(files: Files, chunkBytes = 1 << 16): SourceOpener {
  return async (name) => {
    const content = files[name];
    return content === undefined ? openLocal(name) : sourceOf(name, content, chunkBytes);
  };
}

export function sourceOf(name: string, content: string | Uint8Array, chunkBytes = 1 << 16): Source {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    name,
    sizeBytes: bytes.length,
    identity: async () => hash("sha256", bytes, "hex"),
    range: async (from, to) => bytes.slice(from, to),
    async *bytes() {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
    },
  };
}

/** Prepares files given as text or bytes. */
export async function prepared(
  files: Files,
  options: DataInput,
  more: { task?: TargetKind; seed?: number; store?: Store; isPrivate?: boolean } = {},
): Promise<{ prepared: Prepared; store: Store }> {
  const store = more.store ?? memoryStore();
  const data = parseOptions(dataSchema, options, "data");
  const { task = "regression", seed = 7, isPrivate = false } = more;
  const request = { data, task, seed, isPrivate };
  return { prepared: await prepareDataSet(request, { open: opener(files), store }), store };
}

/** The rows of one file, as a model that was trained by `preparation` takes them. */
export async function transformed(preparation: Preparation, files: Files): Promise<Batch[]> {
  const reading = parseOptions(dataSchema, { source: "t" }, "data");
  const name = Object.keys(files)[0]!;
  const batches: Batch[] = [];
  for await (const batch of transformer(preparation, reading).batches(name, opener(files)))
    batches.push(batch);
  return batches;
}

/** What a promise was rejected with, where that is a `RunError`. */
export async function refusal(promise: Promise<unknown>): Promise<RunError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof RunError) return thrown;
  throw thrown ?? new Error("nothing was refused");
}

/** The folder of real data sets, null where it is absent. */
export const realData: string | null =
  [process.env.KOFN_DATA, new URL("../../../shared/data", import.meta.url).pathname].find(
    (folder) => folder !== undefined && existsSync(folder),
  ) ?? null;
