import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** In the folder that is written: files that the last build no longer made, and left there. */
export const leftoversFile = "leftovers.json";

/**
 * Makes the files of `to` those of `from`, while commands run from `to`: each file is replaced at
 * once and whole, one that stays the same is not touched, and the folder is never without a file
 * that it had. A file that `from` has no more stays for one build longer, because a process that
 * runs may yet load it; `keepsLeftovers: false` removes those at once. Empties `from`.
 */
export function replaceFiles(
  from: string,
  to: string,
  { keepsLeftovers = true }: { readonly keepsLeftovers?: boolean } = {},
): void {
  const made = new Set(filesIn(from));
  const list = join(to, leftoversFile);
  const earlier = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as string[]) : [];
  for (const file of made) {
    const [source, target] = [join(from, file), join(to, file)];
    if (isSame(source, target)) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(source, target);
  }
  const leftovers = filesIn(to).filter((file) => !made.has(file) && file !== leftoversFile);
  const kept = keepsLeftovers ? leftovers.filter((file) => !earlier.includes(file)) : [];
  for (const file of leftovers) if (!kept.includes(file)) rmSync(join(to, file), { force: true });
  if (kept.length > 0) writeFileSync(list, `${JSON.stringify(kept, null, 1)}\n`);
  else rmSync(list, { force: true });
  rmSync(from, { recursive: true, force: true });
}

/** Paths of files that an earlier build left in this folder, as it or a folder around it lists. */
export function leftoversIn(folder: string): Set<string> {
  const found = new Set<string>();
  for (const root of [folder, dirname(folder), dirname(dirname(folder))]) {
    const list = join(root, leftoversFile);
    const files = existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as string[]) : [];
    for (const file of files) found.add(join(root, file));
  }
  return found;
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

function isSame(source: string, target: string): boolean {
  return existsSync(target) && readFileSync(source).equals(readFileSync(target));
}
