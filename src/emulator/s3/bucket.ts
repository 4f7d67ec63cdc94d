import { readdirSync, renameSync, unlinkSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { makeOwnFolder } from "../../core/own-files.ts";
import { compareUtf8 } from "../../core/text.ts";
import type { WriteCondition } from "./conditions.ts";
import { fileNameOf, type ObjectFacts, readFactsSync } from "./object-file.ts";
import { openPolicyFile, type PolicyFile } from "./policy-file.ts";
import { noSuchBucket, noSuchKey } from "./s3-error.ts";
import { openUploads, type Uploads } from "./uploads.ts";

/**
 * The objects of one bucket: files on disk, and an index of them in memory. A change checks its
 * condition, renames or unlinks, and updates the index without giving way in between, so changes
 * are atomic among requests; and since the file system has it or not, among restarts.
 */
export interface Bucket {
  readonly name: string;
  readonly createdMs: number;
  readonly uploads: Uploads;
  readonly policyFile: PolicyFile;
  readonly objectsPath: string;
  readonly keys: SortedKeys;
  readonly storedBytes: number;
  facts(key: string): ObjectFacts | undefined;
  /** Publishes the finished file at `path` as `facts.key`. */
  publish(path: string, facts: ObjectFacts, condition: WriteCondition): void;
  remove(key: string, condition: WriteCondition): void;
  /** Opens an object together with exactly its facts, whatever is written meanwhile. */
  open(key: string): Promise<{ file: FileHandle; facts: ObjectFacts }>;
  /** From now on nothing can be published in it. */
  retire(): void;
}

export function openBucket(
  name: string,
  path: string,
  temporaryPath: () => string,
  createdMs: number,
): Bucket {
  const objectsPath = join(path, "objects");
  makeOwnFolder(objectsPath);
  const index = readIndex(objectsPath);
  const keys = sortedKeys(index.keys());
  const pathOf = (key: string) => join(objectsPath, fileNameOf(key));
  let storedBytes = 0;
  for (const { size } of index.values()) storedBytes += size;
  let retired = false;
  return {
    name,
    createdMs,
    uploads: openUploads(join(path, "uploads"), temporaryPath),
    policyFile: openPolicyFile(join(path, "policy.json"), name),
    objectsPath,
    keys,
    get storedBytes() {
      return storedBytes;
    },
    facts: (key) => index.get(key),
    publish(from, facts, condition) {
      if (retired) throw noSuchBucket(name);
      const before = index.get(facts.key);
      condition(before);
      renameSync(from, pathOf(facts.key));
      index.set(facts.key, facts);
      if (before === undefined) keys.add(facts.key);
      storedBytes += facts.size - (before?.size ?? 0);
    },
    remove(key, condition) {
      const before = index.get(key);
      condition(before);
      if (before === undefined) return;
      unlinkSync(pathOf(key));
      index.delete(key);
      keys.remove(key);
      storedBytes -= before.size;
    },
    async open(key) {
      for (;;) {
        const facts = index.get(key);
        if (facts === undefined) throw noSuchKey(key);
        const isCurrent = () => index.get(key) === facts;
        const file = await openUnless(pathOf(key), () => !isCurrent());
        // Replaced while we opened it: the file may be another version than these facts.
        if (file !== undefined && isCurrent()) return { file, facts };
        await file?.close();
      }
    },
    retire() {
      retired = true;
    },
  };
}

/** Undefined for a file that is not there, where that is as it should be. */
async function openUnless(path: string, mayBeGone: () => boolean): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT" && mayBeGone()) return undefined;
    throw thrown;
  }
}

/** Files that are no complete object, or not under their own key's name, are left unseen. */
function readIndex(objectsPath: string): Map<string, ObjectFacts> {
  const index = new Map<string, ObjectFacts>();
  for (const name of readdirSync(objectsPath)) {
    const facts = readFactsSync(join(objectsPath, name));
    if (facts !== undefined && fileNameOf(facts.key) === name) index.set(facts.key, facts);
  }
  return index;
}

/** A set of keys kept in the order of their UTF-8 bytes. */
export interface SortedKeys {
  add(key: string): void;
  remove(key: string): void;
  /** The place of the first key that is not before `key`. */
  from(key: string): number;
  at(place: number): string | undefined;
  readonly length: number;
}

export function sortedKeys(initial: Iterable<string>): SortedKeys {
  const keys = [...initial].sort(compareUtf8);
  const from = (key: string): number => {
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    add(key) {
      const place = from(key);
      if (keys[place] !== key) keys.splice(place, 0, key);
    },
    remove(key) {
      const place = from(key);
      if (keys[place] === key) keys.splice(place, 1);
    },
    from,
    at: (place) => keys[place],
    get length() {
      return keys.length;
    },
  };
}
