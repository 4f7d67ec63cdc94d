import { type Trace, tracedGraph } from "./cost-model.ts";
import { type IndexedGraph, indexGraph, type LayerGraph } from "./layer-graph.ts";
import type { Partition, Stage } from "./partition.ts";
import type { SplitGraph } from "./split-graph.ts";
import type { CutRequest } from "./staged-model.ts";

/**
 * The stages of a whole graph as stages of its shares: a stage's worker is several, lane after
 * lane, and is visited again where it joins what the lanes have made.
 */
export function layLanes(
  whole: Partition,
  split: SplitGraph,
  index: IndexedGraph,
  of: number,
): Partition {
  const stageByUse = new Map<string, number>();
  for (const [stage, { nodes }] of whole.stages.entries())
    for (const id of nodes) for (const use of split.usesOf(id)) stageByUse.set(use, stage);
  const visitOf = new Map<string, number>();
  const visits = new Map<string, { key: readonly number[]; worker: number; nodes: string[] }>();
  for (const { id, inputs } of index.graph.nodes) {
    const [stage, lane] = [stageByUse.get(id)!, split.laneOf(id)];
    // A tensor of another worker of the same stage is there at the next visit.
    const least = inputs.map((tensor) => {
      const { producer } = index.tensor(tensor);
      if (producer === null || stageByUse.get(producer) !== stage) return 0;
      return visitOf.get(producer)! + (split.laneOf(producer) === lane ? 0 : 1);
    });
    const visit = Math.max(0, ...least);
    visitOf.set(id, visit);
    const key = [stage, visit, lane];
    const own = visits.get(key.join()) ?? {
      ...{ key, worker: whole.stages[stage]!.worker * of + lane },
      nodes: [],
    };
    own.nodes.push(id);
    visits.set(key.join(), own);
  }
  const inOrder = [...visits.values()].sort(
    ({ key: a }, { key: b }) => a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!,
  );
  return { stages: inOrder.map(({ worker, nodes }): Stage => ({ worker, nodes })) };
}

/**
 * What a whole model costs where layers are shared: of each the share of one worker, and what joins
 * the shares. Stages that are cut by it have their fullest workers within the memory.
 */
function fullestTrace(
  { modules, nodes, tensors }: LayerGraph,
  { graph, trace }: { readonly graph: LayerGraph; readonly trace: Trace },
  split: SplitGraph,
): Trace {
  const moduleOf = new Map(graph.nodes.map(({ id, module }) => [id, module]));
  const ownUses = (node: string) => split.usesOf(node).filter((use) => split.laneOf(use) === 0);
  const sums = <Name extends string>(
    list: readonly Readonly<Record<Name, number>>[],
    names: readonly Name[],
  ) => {
    const sum = (name: Name) => list.reduce((total, one) => total + one[name], 0);
    return Object.fromEntries(names.map((name) => [name, sum(name)])) as Record<Name, number>;
  };
  const firstUse = new Map(nodes.toReversed().map(({ id, module }) => [module, id]));
  const last = (id: string) => split.usesOf(id).at(-1)!;
  return {
    examples: trace.examples,
    modules: Object.fromEntries(
      modules.map(({ name }) => {
        const own = ownUses(firstUse.get(name)!).map((use) => trace.modules[moduleOf.get(use)!]!);
        return [name, sums(own, ["weightBytes", "packedBytes", "trainableBytes"])];
      }),
    ),
    nodes: Object.fromEntries(
      nodes.map(({ id }) => {
        const own = ownUses(id).map((use) => trace.nodes[use]!);
        const working = Math.max(...own.map(({ workingBytes }) => workingBytes));
        const rest = sums(own, ["forwardMs", "backwardMs", "activationBytes", "slopeBytes"]);
        return [id, { ...rest, workingBytes: working }];
      }),
    ),
    tensors: Object.fromEntries(
      tensors.map(({ id, producer }) => {
        const own = trace.tensors[id];
        if (own !== undefined) return [id, own];
        // Nothing joins it: it stays in shares.
        const { shape, dtype } = trace.tensors[last(producer!)]!;
        const { length } = split.usesOf(producer!).filter((use) => use.startsWith(`${producer}/`));
        return [id, { shape: [...shape.slice(0, -1), shape.at(-1)! * length], dtype }];
      }),
    ),
  };
}

/** Cuts the whole by what its fullest workers have of it, and deals each stage to its workers. */
export function cutShares(
  of: { plain: LayerGraph; graph: LayerGraph; trace: Trace; split: SplitGraph },
  request: Pick<CutRequest, "split" | "partition">,
) {
  const { plain, graph, trace, split } = of;
  const own = fullestTrace(plain, { graph, trace }, split);
  const traced = tracedGraph(plain, own);
  const whole = request.partition(traced, own);
  const partition = layLanes(whole, split, indexGraph(graph), request.split!.of);
  return { whole: { graph: traced, trace: own, partition: whole }, partition };
}
