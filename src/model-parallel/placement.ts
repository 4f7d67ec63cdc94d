import { nearest } from "../core/text.ts";
import { type IndexedGraph, sharedModules } from "./layer-graph.ts";
import { checkPartition, contiguous, type Partition, refused, type Sharing } from "./partition.ts";

/**
 * A partition by hand: the stage of each layer. A name stands for all uses of the layer and, where
 * it is a nested model, for all layers in it; the innermost name holds. Throws `RunError`.
 */
export function placeByLayer(
  index: IndexedGraph,
  stageOf: Readonly<Record<string, number>>,
  shared: Sharing,
): Partition {
  const names = new Set<string>();
  for (const { id, module } of index.graph.nodes) {
    names.add(id);
    for (const outer of outerNames(index.module(module).path)) names.add(outer);
  }
  for (const [name, stage] of Object.entries(stageOf)) {
    if (!names.has(name))
      throw refused(
        `there is no layer "${name}"`,
        `${nearest(name, [...names])}layers are ${[...names].slice(0, 5).join(", ")}`,
      );
    if (!Number.isInteger(stage) || stage < 0)
      throw refused(`"${name}": ${stage} is no stage`, "stages are whole numbers from 0 on");
  }
  const count = 1 + Math.max(-1, ...Object.values(stageOf));
  const stages = Array.from({ length: count }, (_, worker) => ({ worker, nodes: [] as string[] }));
  for (const { id, module } of index.graph.nodes) {
    const candidates = [id, ...outerNames(index.module(module).path)];
    const name = candidates.find((candidate) => Object.hasOwn(stageOf, candidate));
    if (name !== undefined) stages[stageOf[name]!]!.nodes.push(id);
  }
  if (shared === "colocate") refuseCutThrough(index, stages);
  checkPartition(index, { stages }, shared);
  return { stages };
}

/** Innermost first. */
function outerNames(path: readonly string[]): readonly string[] {
  return path.map((_, i) => path.slice(0, path.length - i).join("/"));
}

/** Said before what follows from it. */
function refuseCutThrough(
  { graph }: IndexedGraph,
  stages: readonly { readonly nodes: readonly string[] }[],
): void {
  for (const [name, uses] of sharedModules(graph)) {
    const ids = new Set(uses.map((at) => graph.nodes[at]!.id));
    const cut = stages.flatMap(({ nodes }, i) => (nodes.some((id) => ids.has(id)) ? [i] : []));
    if (cut.length > 1)
      throw refused(
        `"${name}" is used on the stages ${cut.join(" and ")}: a cut through a shared layer`,
        "put its uses together, or let each stage have a copy (shared: replicate)",
      );
  }
}

/**
 * A partition by a compact layout of the canonical order: `|` ends a stage, a number takes so many
 * layers, a name all up to and with that layer, `...` the rest; `*3` repeats what stands before
 * it, which may be in parentheses: `embedding | (4|)*6 ...`. Throws `RunError`.
 */
export function placeByLayout(index: IndexedGraph, layout: string, shared: Sharing): Partition {
  const ids = index.graph.nodes.map(({ id }) => id);
  const ends: number[] = [];
  let at = 0;
  const tokens = expand(layout);
  for (const token of tokens) {
    if (token === "|") ends.push(at);
    else if (token === "...") at = ids.length;
    else if (/^\d+$/.test(token)) at += Number(token);
    else {
      const found = index.graph.nodes.findIndex(
        ({ id, module }, i) => i >= at && (id === token || module === token),
      );
      if (found < 0) {
        const known = index.graph.nodes.slice(at).map(({ module }) => module);
        throw refused(
          `layout: there is no layer "${token}" after the first ${at}`,
          `${nearest(token, known)}layers are ${known.slice(0, 5).join(", ")}`,
        );
      }
      at = found + 1;
    }
    if (at > ids.length)
      throw refused(`layout: ${at} layers placed, the model has ${ids.length}`, "take fewer");
  }
  // A `|` at the end ends the last stage, and begins none.
  if (tokens.at(-1) !== "|") ends.push(at);
  const partition = contiguous(ids, ends);
  checkPartition(index, partition, shared);
  return partition;
}

const repeatsMax = 10_000;

function expand(layout: string): readonly string[] {
  const tokens = layout.match(/\.\.\.|[()|*]|[^\s,()|*]+/g) ?? [];
  let next = 0;
  const wrong = (what: string) =>
    refused(`layout: ${what}`, 'write it as in "embedding | (4|)*6 ..."');
  const sequence = (isInner: boolean): string[] => {
    const all: string[] = [];
    while (next < tokens.length) {
      const token = tokens[next++]!;
      if (token === ")") {
        if (isInner) return all;
        throw wrong('")" without "("');
      }
      if (token === "*") throw wrong('"*" with nothing before it');
      let item = token === "(" ? sequence(true) : [token];
      if (tokens[next] === "*") {
        const times = Number(tokens[next + 1]);
        if (!Number.isInteger(times) || times < 1 || times * item.length > repeatsMax)
          throw wrong(`"*${tokens[next + 1] ?? ""}": a whole number from 1 on must follow`);
        next += 2;
        item = Array.from({ length: times }, () => item).flat();
      }
      all.push(...item);
    }
    if (isInner) throw wrong('"(" without ")"');
    return all;
  };
  return sequence(false);
}
