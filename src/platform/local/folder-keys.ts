import { randomUUID } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { hasCode } from "../../core/errors.ts";
import { ownFile } from "../../core/own-files.ts";
import { fileNameOf, readFactsSync } from "../../emulator/s3/object-file.ts";

/** Which keys a folder of objects holds. */
export interface FolderKeys {
  /** An object of this key was written. */
  add(key: string): void;
  /** Every key whose object is there, in no order. */
  present(): readonly string[];
}

/** So many keys of objects that are gone are no burden. */
const goneMax = 10_000;
const nanoseconds = 1_000_000n;
/** Longer than any clock's tick, in nanoseconds. */
const settledNs = 1_000_000_000n;

/**
 * Which key a file's name stands for. Names are digests of keys: a list of the keys beside them
 * saves opening each file. It is a hint alone: what it does not say is read from the file, and
 * what it says counts where the file is there.
 */
export function folderKeys(folder: string): FolderKeys {
  const path = join(folder, "keys");
  const objects = join(folder, "objects");
  const byName = new Map<string, string>();
  let readBytes = 0;
  let seen: { readonly changed: bigint; readonly keys: readonly string[] } | null = null;
  const append = (fresh: readonly string[]) => {
    for (const key of fresh) byName.set(fileNameOf(key), key);
    const lines = fresh.map((key) => `${JSON.stringify(key)}\n`).join("");
    appendFileSync(path, lines, { mode: ownFile });
  };
  /** A long life leaves many keys of objects that are gone. */
  const keepOnly = (present: readonly string[]) => {
    const aside = `${path}-${process.pid}-${randomUUID()}`;
    const lines = present.map((key) => `${JSON.stringify(key)}\n`).join("");
    writeFileSync(aside, lines, { mode: ownFile });
    renameSync(aside, path);
    byName.clear();
    for (const key of present) byName.set(fileNameOf(key), key);
    readBytes = Buffer.byteLength(lines);
  };
  const readOn = () => {
    const { text, from } = textFrom(path, readBytes);
    readBytes = from;
    const end = text.lastIndexOf("\n") + 1;
    readBytes += Buffer.byteLength(text.slice(0, end));
    for (const line of text.slice(0, end).split("\n")) {
      const key = keyIn(line);
      if (key !== null) byName.set(fileNameOf(key), key);
    }
  };
  return {
    add(key) {
      if (!byName.has(fileNameOf(key))) append([key]);
    },
    present() {
      const { mtimeNs: changed } = statSync(objects, { bigint: true });
      if (seen?.changed === changed) return seen.keys;
      readOn();
      const { present, unlisted } = keysOf(readdirSync(objects), byName, objects);
      if (unlisted.length > 0) append(unlisted);
      if (byName.size > 2 * present.length + goneMax) keepOnly(present);
      // A folder's time is as coarse as the system's clock: what just changed may do so again in
      // the same moment.
      const isSettled = BigInt(Date.now()) * nanoseconds - changed > settledNs;
      seen = isSettled ? { changed, keys: present } : null;
      return present;
    },
  };
}

/** The keys of these files: by their names, or else as the files themselves say. */
function keysOf(names: readonly string[], byName: ReadonlyMap<string, string>, folder: string) {
  const present: string[] = [];
  const unlisted: string[] = [];
  for (const name of names) {
    const listed = byName.get(name);
    const key = listed ?? keyOfFile(join(folder, name));
    if (key === null || (listed === undefined && fileNameOf(key) !== name)) continue;
    present.push(key);
    if (listed === undefined) unlisted.push(key);
  }
  return { present, unlisted };
}

/** A line that was cut short, or is another program's, is none. */
function keyIn(line: string): string | null {
  if (!line.startsWith('"') || !line.endsWith('"')) return null;
  try {
    return JSON.parse(line) as string;
  } catch {
    // The file itself is asked instead.
    return null;
  }
}

function keyOfFile(path: string): string | null {
  try {
    return readFactsSync(path)?.key ?? null;
  } catch (thrown) {
    // Removed since the folder was read.
    if (hasCode(thrown, "ENOENT")) return null;
    throw thrown;
  }
}

/** From the start where the list was written anew and is shorter than before. */
function textFrom(path: string, after: number): { readonly text: string; readonly from: number } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT")) return { text: "", from: 0 };
    throw thrown;
  }
  try {
    const { size } = fstatSync(file);
    const from = size < after ? 0 : after;
    const bytes = Buffer.alloc(size - from);
    readSync(file, bytes, 0, bytes.length, from);
    return { text: bytes.toString("utf8"), from };
  } finally {
    closeSync(file);
  }
}
