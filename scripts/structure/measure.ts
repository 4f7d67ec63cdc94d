import { dirname, join } from "node:path";
import { importBreach } from "../../test/style/rules.ts";
import { importsOf, parseAll, readTexts, type SourceTexts } from "../../test/style/source-tree.ts";
import oldNames from "../old-names.json" with { type: "json" };
import { circles, importGraph, roomCircles } from "./graph.ts";
import { type Declared, declaredIn } from "./names.ts";

const shortLines = 40;

export interface Structure {
  readonly files: number;
  readonly lines: number;
  readonly medianLines: number;
  /** The share of files under 40 lines. */
  readonly shortShare: number;
  /** The folder with the most files directly in it. */
  readonly largestFolder: { readonly path: string; readonly files: number };
  readonly withOneImporter: readonly string[];
  readonly circles: readonly (readonly string[])[];
  readonly roomCircles: readonly { readonly folder: string; readonly rooms: readonly string[] }[];
  /** Imports that the table of layers does not allow. */
  readonly arrowsUp: readonly string[];
  /** Exported from two or more files: name and files. */
  readonly doubled: readonly (readonly [string, readonly string[]])[];
  readonly old: OldNames;
}

/** Words to be replaced that are still there. */
export interface OldNames {
  readonly files: readonly string[];
  readonly names: readonly string[];
  readonly members: readonly string[];
  readonly literals: readonly string[];
  /** Past participles as variables: how often each. */
  readonly participles: Readonly<Record<string, number>>;
}

/** Measures `src` and `functions` of a project. */
export function structureOf(root: string): Structure {
  return measure(readTexts(root, ["src", "functions"], [".ts"]));
}

export function measure(texts: SourceTexts): Structure {
  const paths = Object.keys(texts);
  const lengths = paths.map((path) => texts[path]!.split("\n").length - 1).sort((a, b) => a - b);
  const trees = parseAll(texts);
  const graph = importGraph(texts, trees);
  const importers = new Map<string, number>();
  for (const targets of graph.values())
    for (const target of targets) importers.set(target, (importers.get(target) ?? 0) + 1);
  const declared = new Map([...trees].map(([path, tree]) => [path, declaredIn(tree)]));
  return {
    files: paths.length,
    lines: lengths.reduce((sum, length) => sum + length, 0),
    medianLines: lengths[Math.floor(lengths.length / 2)] ?? 0,
    shortShare: lengths.filter((length) => length < shortLines).length / lengths.length,
    largestFolder: largestFolder(paths),
    withOneImporter: paths.filter((path) => importers.get(path) === 1),
    circles: circles(graph),
    roomCircles: roomCircles(graph),
    arrowsUp: [...trees].flatMap(([path, tree]) =>
      importsOf(tree).flatMap(({ specifier }) => {
        const wrong = importBreach(path, specifier, new Map());
        return wrong === null ? [] : [`${path}: ${wrong}`];
      }),
    ),
    doubled: doubled(declared),
    old: oldIn(paths, [...declared.values()]),
  };
}

function largestFolder(paths: readonly string[]): Structure["largestFolder"] {
  const counts = new Map<string, number>();
  for (const path of paths) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  const [path = "", files = 0] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  return { path, files };
}

function doubled(declared: ReadonlyMap<string, Declared>): [string, string[]][] {
  const homes = new Map<string, string[]>();
  for (const [path, { exported }] of declared)
    for (const name of exported) homes.set(name, [...(homes.get(name) ?? []), path]);
  return [...homes].filter(([, files]) => files.length > 1).sort(([a], [b]) => (a < b ? -1 : 1));
}

function oldIn(paths: readonly string[], declared: readonly Declared[]): OldNames {
  const top = new Set(declared.flatMap((one) => one.top));
  const members = new Set(declared.flatMap((one) => one.members));
  const bare = new Set([...members].map((member) => member.slice(member.indexOf(".") + 1)));
  const literals = new Set(declared.flatMap((one) => one.literals));
  const variables = declared.flatMap((one) => one.variables);
  const isAt = (old: string) => (path: string) =>
    old.endsWith("/") ? path.includes(`/${old}`) : path.endsWith(`/${old}`);
  return {
    files: oldNames.files.filter((old) => paths.some(isAt(old))),
    names: oldNames.names.filter((name) => top.has(name)),
    members: oldNames.members.filter((name) => (name.includes(".") ? members : bare).has(name)),
    literals: oldNames.literals.filter((text) => literals.has(text)),
    participles: Object.fromEntries(
      oldNames.participles.map((word) => [word, variables.filter((one) => one === word).length]),
    ),
  };
}

export const projectRoot = join(import.meta.dirname, "../..");
