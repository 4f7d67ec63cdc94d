import { posix } from "node:path";
import { importsOf, type parseAll, type SourceTexts } from "../../test/style/source-tree.ts";

/** By path, the paths it imports: values, types, and those that are loaded later. */
export type ImportGraph = ReadonlyMap<string, ReadonlySet<string>>;

export function importGraph(texts: SourceTexts, trees: ReturnType<typeof parseAll>): ImportGraph {
  const graph = new Map<string, Set<string>>();
  for (const [path, tree] of trees) {
    const targets = importsOf(tree)
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => posix.join(posix.dirname(path), specifier))
      .filter((target) => Object.hasOwn(texts, target) && target !== path);
    graph.set(path, new Set(targets));
  }
  return graph;
}

/** Groups of two or more that reach each other (Tarjan, without recursion on long chains). */
export function circles(graph: ImportGraph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string) => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

/**
 * Circles between rooms at every depth: within each folder its subfolders are one node each, and
 * the files directly in it stand for themselves. Circles of files alone are `circles`.
 */
export function roomCircles(graph: ImportGraph): { folder: string; rooms: string[] }[] {
  const folders = new Set([...graph.keys()].flatMap(foldersAbove));
  const found: { folder: string; rooms: string[] }[] = [];
  for (const folder of [...folders].sort()) {
    const rooms = new Map<string, Set<string>>();
    for (const [path, targets] of graph) {
      const room = roomOf(folder, path);
      if (room === null) continue;
      const known = rooms.get(room) ?? new Set();
      rooms.set(room, known);
      for (const target of targets) {
        const other = roomOf(folder, target);
        if (other !== null && other !== room) known.add(other);
      }
    }
    for (const group of circles(rooms))
      if (group.some((room) => !room.endsWith(".ts"))) found.push({ folder, rooms: group });
  }
  return found;
}

/** `run` and `run/waiting` for `run/waiting/all.ts`. */
export function foldersAbove(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function roomOf(folder: string, path: string): string | null {
  if (!path.startsWith(`${folder}/`)) return null;
  return path.slice(folder.length + 1).split("/")[0]!;
}
