import { randomUUID } from "node:crypto";
import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  read as readInto,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writevSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { hasCode } from "../../core/errors.ts";
import { closeOwnFolder, isAlive, makeOwnFolder, ownFile } from "../../core/own-files.ts";
import { compareUtf8 } from "../../core/text.ts";
import { encodeTail, factsOf, fileNameOf } from "../../emulator/s3/object-file.ts";
import type { Store } from "../../ports/store.ts";
import { checkKey } from "../../storage/keys.ts";
import { folderKeys } from "./folder-keys.ts";

/** Smaller objects are read and written at once: handing them to a pool of threads takes longer. */
const smallBytes = 128 * 1024;
/** Removed at once; then others may go on. */
const removedAtOnce = 500;

/**
 * The objects of one bucket of a home, by their files, in the layout of the emulator's S3: without
 * a server, signatures or an index in between. Any number of processes and threads may use it at
 * once. A file is written aside and then renamed or linked into its place, so that being killed at
 * any instant leaves whole objects only.
 */
export function folderStore(root: string, bucket: string): Store {
  const objects = join(root, "buckets", bucket, "objects");
  closeOwnFolder(root);
  makeOwnFolder(objects);
  const keys = folderKeys(join(root, "buckets", bucket));
  const freshPath = asideIn(join(root, "aside"));
  const at = (key: string) => {
    checkKey(key);
    return join(objects, fileNameOf(key));
  };
  const place = async (
    key: string,
    bytes: Uint8Array,
    move: (from: string, to: string) => void,
  ): Promise<void> => {
    const target = at(key);
    const path = freshPath();
    try {
      await writeObject(path, key, bytes);
      move(path, target);
    } catch (thrown) {
      rmSync(path, { force: true });
      throw thrown;
    }
    keys.add(key);
  };
  return {
    read: async (key) => readObject(at(key), key),
    write: async (key, bytes) => place(key, bytes, renameSync),
    async writeOnce(key, bytes) {
      try {
        await place(key, bytes, linkOnce);
        return true;
      } catch (thrown) {
        if (hasCode(thrown, "EEXIST")) return false;
        throw thrown;
      }
    },
    list: async (prefix) =>
      keys
        .present()
        .filter((key) => key.startsWith(prefix))
        .sort(compareUtf8),
    remove: async (key) => rmSync(at(key), { force: true }),
    async removeAll(all) {
      for (const [i, key] of all.entries()) {
        if (i > 0 && i % removedAtOnce === 0) await new Promise(setImmediate);
        rmSync(at(key), { force: true });
      }
    },
  };
}

function linkOnce(from: string, to: string): void {
  linkSync(from, to);
  unlinkSync(from);
}

/** Fresh paths in a folder; what processes left there that are gone is removed before the first. */
function asideIn(folder: string): () => string {
  let isSwept = false;
  return () => {
    if (!isSwept) sweep(folder);
    isSwept = true;
    return join(folder, `${process.pid}-${randomUUID()}`);
  };
}

/** Large bytes are copied before anything is awaited: the caller may go on using the array. */
async function writeObject(path: string, key: string, bytes: Uint8Array): Promise<void> {
  const facts = { key, size: bytes.length, etag: etag(), modifiedMs: Date.now(), headers: {} };
  const tail = encodeTail(facts);
  if (bytes.length <= smallBytes) {
    const file = openSync(path, "wx", ownFile);
    try {
      writeWhole(file, [bytes, tail]);
    } finally {
      closeSync(file);
    }
    return;
  }
  const whole = Buffer.allocUnsafeSlow(bytes.length + tail.length);
  whole.set(bytes);
  whole.set(tail, bytes.length);
  const file = await open(path, "wx", ownFile);
  try {
    await file.writeFile(whole);
  } finally {
    await file.close();
  }
}

function writeWhole(file: number, parts: readonly Uint8Array[]): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const written = writevSync(file, parts);
  if (written === length) return;
  const rest = Buffer.concat(parts).subarray(written);
  writeWhole(file, [rest]);
}

/** Unlike that of any other version of any object, as an entity tag must be; no digest. */
function etag(): string {
  return `${randomUUID().replaceAll("-", "")}-1`;
}

/** Null where there is no whole object of that key. */
async function readObject(path: string, key: string): Promise<Uint8Array | null> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT")) return null;
    throw thrown;
  }
  try {
    const whole = new Uint8Array(fstatSync(file).size);
    await fill(file, whole);
    const facts = factsOf(whole);
    return facts?.key === key ? whole.subarray(0, facts.size) : null;
  } finally {
    closeSync(file);
  }
}

async function fill(file: number, whole: Uint8Array): Promise<void> {
  for (let at = 0; at < whole.length; ) {
    const rest = whole.subarray(at);
    const count = rest.length <= smallBytes ? readSync(file, rest) : await readSome(file, rest);
    if (count === 0) return;
    at += count;
  }
}

function readSome(file: number, into: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) =>
    readInto(file, into, 0, into.length, null, (failure, count) =>
      failure === null ? resolve(count) : reject(failure),
    ),
  );
}

/** Files that processes left aside which are gone. */
function sweep(aside: string): void {
  closeOwnFolder(aside);
  if (!isMainThread) return;
  for (const name of readdirSync(aside)) {
    const pid = Number.parseInt(name, 10);
    if (pid !== process.pid && !isAlive(pid)) rmSync(join(aside, name), { force: true });
  }
}
