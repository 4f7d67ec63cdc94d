import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** As esbuild writes it: names between braces, or none where a part is only to be run. */
const staticImport = /\bimport(?:\{([^}]*)\}from)?"\.\/([\w-]+\.mjs)"/g;

/**
 * Puts what a bundle loads at its start into the one file of its entry. esbuild cuts it into as
 * many parts as there are sets of later parts that share it, and each costs a cold start about half
 * a millisecond. Later parts then import from the entry.
 */
export async function joinEager(folder: string, entry: string): Promise<void> {
  const joined = eagerParts(folder, entry).filter((file) => file !== entry);
  if (joined.length === 0) return;
  const { outputFiles } = await build({
    stdin: { contents: facade(folder, entry, joined), resolveDir: folder },
    bundle: true,
    write: false,
    minify: true,
    platform: "node",
    target: "node22",
    format: "esm",
    legalComments: "none",
    plugins: [laterParts],
    logLevel: "warning",
  });
  writeFileSync(join(folder, entry), outputFiles[0]!.contents);
  for (const file of joined) rmSync(join(folder, file));
  for (const file of readdirSync(folder))
    if (file.endsWith(".mjs")) importFromEntry(folder, file, entry, joined);
}

/** What is imported later stays a file of its own. */
const laterParts: Plugin = {
  name: "later-parts",
  setup: ({ onResolve }) =>
    onResolve({ filter: /./ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path, external: true } : null,
    ),
};

function eagerParts(folder: string, entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found)
    for (const [, , part] of readFileSync(join(folder, file), "utf8").matchAll(staticImport))
      found.add(part!);
  return [...found];
}

/** The entry's own exports, and those of every joined part under names of that part. */
function facade(folder: string, entry: string, joined: readonly string[]): string {
  const parts = joined.map((file, part) => {
    const source = readFileSync(join(folder, file), "utf8");
    const [, exported = ""] = /\bexport\{([^}]*)\};?\s*$/.exec(source) ?? [];
    const names = exported.split(",").filter(Boolean).map(exportedName);
    const renamed = names.map((name) => `${name} as ${partName(part, name)}`);
    return `export {${renamed}} from "./${file}";`;
  });
  return [`export * from "./${entry}";`, ...parts].join("\n");
}

function importFromEntry(
  folder: string,
  file: string,
  entry: string,
  joined: readonly string[],
): void {
  const path = join(folder, file);
  const source = readFileSync(path, "utf8");
  const changed = source.replace(staticImport, (whole, names: string | undefined, from: string) => {
    const part = joined.indexOf(from);
    if (part < 0) return whole;
    const renamed = (names ?? "").split(",").filter(Boolean);
    const list = renamed.map((name) => importedAs(part, name));
    return list.length === 0 ? `import"./${entry}"` : `import{${list}}from"./${entry}"`;
  });
  const left = joined.find((part) => changed.includes(part));
  if (left !== undefined) throw new Error(`${file} still names ${left}, which ${entry} holds now`);
  if (changed !== source) writeFileSync(path, changed);
}

/** `a as b` and `a` of an export clause are exported as b and a. */
const exportedName = (clause: string) => clause.trim().split(" as ").at(-1)!;

function importedAs(part: number, clause: string): string {
  const [name, local = name] = clause.trim().split(" as ");
  return `${partName(part, name!)} as ${local}`;
}

const partName = (part: number, name: string) => `part${part}_${name}`;
