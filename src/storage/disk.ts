import { randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { link, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hasCode } from "../core/errors.ts";
import { closeOwnFolder, isAlive, makeOwnFolder, ownFile } from "../core/own-files.ts";
import { compareUtf8 } from "../core/text.ts";
import type { Store } from "../ports/store.ts";
import { checkKey, escapedFolderOf, keyOfEscaped, keyOfName, pathOfKey } from "./keys.ts";

export interface DiskStoreOptions {
  /** Waits for the disk itself, not only the system, before a write counts as done. */
  readonly fsync?: boolean;
}

/**
 * Objects as files under `root`; several processes may use one root. A file is written aside and
 * then renamed or linked into place, so being killed at any instant leaves whole objects only;
 * what a dead process left aside is removed by the next one.
 */
export function diskStore(root: string, options: DiskStoreOptions = {}): Store {
  const aside = join(root, asideName);
  const at = (key: string) => {
    checkKey(key);
    return join(root, pathOfKey(key));
  };
  let swept: Promise<void> | undefined;
  const writeAside = async (bytes: Uint8Array): Promise<string> => {
    swept ??= sweep(aside);
    await swept;
    const path = join(aside, `${process.pid}-${randomUUID()}`);
    try {
      const file = await open(path, "wx", ownFile);
      try {
        await file.writeFile(bytes);
        if (options.fsync === true) await file.datasync();
      } finally {
        await file.close();
      }
    } catch (thrown) {
      await rm(path, { force: true });
      throw thrown;
    }
    return path;
  };
  const place = async (
    bytes: Uint8Array,
    target: string,
    move: (from: string, to: string) => Promise<void>,
  ): Promise<void> => {
    // Bytes are taken before anything is awaited, as the caller may go on using the array.
    const path = await writeAside(new Uint8Array(bytes));
    try {
      await withFolder(target, () => move(path, target));
      if (options.fsync === true) await syncFolder(dirname(target));
    } finally {
      await rm(path, { force: true });
    }
  };
  return {
    read: async (key) => unlessAbsent(() => readFile(at(key)), null),
    write: async (key, bytes) => place(bytes, at(key), rename),
    async writeOnce(key, bytes) {
      try {
        await place(bytes, at(key), link);
        return true;
      } catch (thrown) {
        if (hasCode(thrown, "EEXIST")) return false;
        throw thrown;
      }
    },
    list: (prefix) => listed(root, prefix),
    remove: async (key) => unlessAbsent(() => rm(at(key)), undefined),
  };
}

async function listed(root: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  await collect(root, "", escapedFolderOf(prefix), keys);
  return keys
    .flatMap((escaped) => keyOfEscaped(escaped) ?? [])
    .filter((key) => key.startsWith(prefix))
    .sort(compareUtf8);
}

/** No key's path begins with a dot, so this is no key's. */
const asideName = ".aside";

async function sweep(aside: string): Promise<void> {
  closeOwnFolder(aside);
  for (const name of await readdir(aside)) {
    const pid = Number.parseInt(name, 10);
    if (pid !== process.pid && !isAlive(pid)) await rm(join(aside, name), { force: true });
  }
}

/** Every file below, as escaped keys; folders that lead away from `wanted` are not entered. */
async function collect(
  path: string,
  before: string,
  wanted: string,
  keys: string[],
): Promise<void> {
  const none: Dirent[] = [];
  const entries = await unlessAbsent(() => readdir(path, { withFileTypes: true }), none);
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const { key, isFile } = keyOfName(before, entry.name);
    if (isFile && entry.isFile()) keys.push(key);
    const leads = key.startsWith(wanted) || wanted.startsWith(key);
    if (!isFile && entry.isDirectory() && leads)
      await collect(join(path, entry.name), key, wanted, keys);
  }
}

async function withFolder(target: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    if (!hasCode(thrown, "ENOENT")) throw thrown;
    makeOwnFolder(dirname(target));
    await act();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function unlessAbsent<T>(act: () => Promise<T>, fallback: T): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT") || hasCode(thrown, "ENOTDIR")) return fallback;
    throw thrown;
  }
}
