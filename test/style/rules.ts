import { posix } from "node:path";
import { layers, shared } from "./layers.ts";
import { anyLines, functionsOf, importsOf, parseAll, type SourceTexts } from "./source-tree.ts";

const fileLinesMax = 250;
const functionLinesMax = 60;
const columnsMax = 100;

/** Texts that stand nowhere; written in pieces, so that this file passes its own check. */
const banned: readonly [RegExp, string][] = [
  [new RegExp(`@ts-${"ignore"}|@ts-${"nocheck"}|@ts-${"expect-error"}`), "switches types off"],
  [new RegExp(`\\b(TO${"DO"}|FIX${"ME"}|X${"XX"})\\b`), "is a note to nobody"],
  [new RegExp(`/(ho${"me"}|Us${"ers"}|ro${"ot"}|wo${"rk"})/`), "is a path of one machine"],
];

/** Every breach of the house style in these files, as `path:line: what`. */
export function breaches(texts: SourceTexts): string[] {
  const found: string[] = [];
  for (const [path, text] of Object.entries(texts)) found.push(...textBreaches(path, text));
  const scripts = Object.entries(texts).filter(([path]) => path.endsWith(".ts"));
  const foldersByPackage = new Map<string, Set<string>>();
  for (const [path, tree] of parseAll(Object.fromEntries(scripts))) {
    for (const line of anyLines(tree)) found.push(`${path}:${line}: the type any`);
    if (isTest(path)) continue;
    for (const { line, lines } of functionsOf(tree))
      if (lines > functionLinesMax) found.push(`${path}:${line}: a function of ${lines} lines`);
    for (const { specifier, line } of importsOf(tree)) {
      const wrong = importBreach(path, specifier, foldersByPackage);
      if (wrong !== null) found.push(`${path}:${line}: ${wrong}`);
    }
  }
  for (const [name, folders] of foldersByPackage)
    if (folders.size > 1 && !Object.hasOwn(shared, name))
      found.push(`${name}: imported in ${[...folders].sort().join(" and ")}`);
  return found;
}

function textBreaches(path: string, text: string): string[] {
  const lines = text.split("\n");
  const found: string[] = [];
  // What a command makes of registries or functions is as long as those, and nobody edits it.
  const isMade = /^\/\/ Made by `npm run (docs|infra)`/.test(text);
  if (path.endsWith(".ts") && !isMade && lines.length - 1 > fileLinesMax)
    found.push(`${path}: ${lines.length - 1} lines`);
  for (const [i, line] of lines.entries()) {
    if (path.endsWith(".ts") && line.length > columnsMax)
      found.push(`${path}:${i + 1}: ${line.length} columns`);
    for (const [pattern, why] of banned)
      if (pattern.test(line)) found.push(`${path}:${i + 1}: ${why}: ${line.trim()}`);
  }
  return found;
}

/** What is wrong with an import by the table of layers, or null. Notes packages on the way. */
export function importBreach(
  path: string,
  specifier: string,
  foldersByPackage: Map<string, Set<string>>,
): string | null {
  const folder = roomOf(path);
  const layer = layers[folder];
  if (layer === undefined) return `${folder} has no place in the table of layers`;
  if (specifier.startsWith("node:")) return null;
  if (!specifier.startsWith(".")) {
    const name = packageOf(specifier);
    foldersByPackage.set(name, (foldersByPackage.get(name) ?? new Set()).add(folder));
    if (name === "zod" || layer.packages.includes(name)) return null;
    return `${folder} may not import the package ${name}`;
  }
  const target = posix.join(posix.dirname(path), specifier);
  const other = roomOf(target);
  const allowed = [folder, ...layer.rooms];
  if (allowed.includes(other) || allowed.includes(target.replace("src/", ""))) return null;
  return `${folder} may not import ${target}`;
}

/**
 * The room a path stands in: `core` for `src/core/errors.ts`, `data/parts` for a file in there,
 * `limits` for `src/limits.ts`, `infra` for `infra/store.ts`.
 */
export function roomOf(path: string): string {
  const [top, ...inner] = path.split("/");
  if (top !== "src") return top!;
  const folders = inner.slice(0, -1);
  for (let depth = folders.length; depth > 1; depth--) {
    const room = folders.slice(0, depth).join("/");
    if (Object.hasOwn(layers, room)) return room;
  }
  return inner[0]!.replace(/\.ts$/, "");
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isTest(path: string): boolean {
  return /^(test|bench|scripts|examples)\//.test(path);
}
