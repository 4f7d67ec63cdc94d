import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { RunError } from "../../core/errors.ts";
import { isPattern, splitPattern, tableFiles } from "./file-pattern.ts";
import type { SourceFile } from "./source.ts";

/** Files of a folder that are looked at; a folder of more is hardly one table. */
const filesMax = 100_000;

/**
 * The files that a path of this machine stands for: itself, or those of a folder, or of a pattern
 * such as `part-*.csv`. Throws `RunError` where there are none.
 */
export async function listLocal(path: string): Promise<readonly SourceFile[]> {
  // What cannot be looked at is refused, with the reason, by who opens or lists it.
  const info = await stat(path).catch(() => null);
  if (info !== null && !info.isDirectory()) return [{ source: path, partition: {} }];
  if (info === null && !isPattern(path)) return [{ source: path, partition: {} }];
  const { base, rest } = info === null ? splitPattern(path) : { base: path, rest: null };
  const files = tableFiles(await pathsBelow(base === "" ? "." : base), rest);
  if (files.length > 0)
    return files.map(({ path, partition }) => ({ source: join(base, path), partition }));
  const what = info === null ? "a pattern that no file has" : "a directory without data files";
  throw new RunError("not-a-file", `${path}: ${what}`, {
    hint: "files whose names begin with _ or . do not count; name a file, a folder or a pattern",
  });
}

/** Every file below a folder, links followed; none where there is no such folder. */
async function pathsBelow(folder: string): Promise<string[]> {
  const all: string[] = [];
  const open = [""];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of await entriesOf(join(folder, at))) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) open.push(path);
      else all.push(path);
      if (all.length > filesMax)
        throw new RunError("too-large", `${folder}: more than ${filesMax} files`, {
          hint: "name fewer by a pattern, or join them",
        });
    }
  }
  return all;
}

async function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return [];
    throw new RunError("unreadable-file", `${folder}: this user may not list it`, {
      hint: "allow it, or name files one by one",
      cause,
    });
  });
}
