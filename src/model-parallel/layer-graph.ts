import { RunError } from "../core/errors.ts";

/** A layers model as plain data: layers, their uses, and the tensors that go between uses. */
export interface LayerGraph {
  readonly name: string;
  readonly modules: readonly LayerModule[];
  /** In an order in which every use comes after those that it reads; the canonical one. */
  readonly nodes: readonly LayerNode[];
  readonly tensors: readonly LayerTensor[];
  /** Ids of tensors that the model is given, in the model's order. */
  readonly inputs: readonly string[];
  /** Ids of tensors that the model gives, in the model's order; one may be there twice. */
  readonly outputs: readonly string[];
}

/** A layer, which owns weights. Several uses of a layer share them. */
export interface LayerModule {
  /** Its names from the outermost model inwards, joined by `/`. */
  readonly name: string;
  readonly path: readonly string[];
  readonly className: string;
  /** As Keras writes layers. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of its weights; two modules that name the same weight share it. */
  readonly weights: readonly string[];
}

/** One use (call) of a layer. */
export interface LayerNode {
  /** The module's name, with `#1` for its second use, `#2` for its third. */
  readonly id: string;
  readonly module: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface LayerTensor {
  /** The use's id, with `:1` for its second output; an input's is the input layer's name. */
  readonly id: string;
  /** The use that makes it; null for the model's inputs. */
  readonly producer: string | null;
  /** Null for an axis that is open; null altogether until a traced microbatch tells. */
  readonly shape: readonly (number | null)[] | null;
  readonly dtype: string;
  /** Null until a traced microbatch tells. */
  readonly bytesPerExample: number | null;
}

/** A graph whose parts are found by their ids. */
export interface IndexedGraph {
  readonly graph: LayerGraph;
  readonly node: (id: string) => LayerNode;
  readonly module: (name: string) => LayerModule;
  readonly tensor: (id: string) => LayerTensor;
  /** The position of a use in the canonical order. */
  readonly position: (id: string) => number;
  /** Positions of the uses that read a tensor, rising; each use once. */
  readonly readers: (tensor: string) => readonly number[];
}

/** Looks a graph's parts up by id. */
export function indexGraph(graph: LayerGraph): IndexedGraph {
  const modules = new Map(graph.modules.map((module) => [module.name, module]));
  const tensors = new Map(graph.tensors.map((tensor) => [tensor.id, tensor]));
  const positions = new Map(graph.nodes.map((node, i) => [node.id, i]));
  const readers = new Map<string, number[]>();
  for (const [i, node] of graph.nodes.entries())
    for (const id of new Set(node.inputs)) readers.set(id, [...(readers.get(id) ?? []), i]);
  return {
    graph,
    node: (id) => graph.nodes[get(positions, id, "use")]!,
    module: (name) => get(modules, name, "layer"),
    tensor: (id) => get(tensors, id, "tensor"),
    position: (id) => get(positions, id, "use"),
    readers: (id) => readers.get(id) ?? [],
  };
}

function get<T>(map: ReadonlyMap<string, T>, id: string, what: string): T {
  const value = map.get(id);
  if (value === undefined) throw badGraph(`there is no ${what} "${id}"`);
  return value;
}

/** Throws `RunError` where the data is no graph that can be computed in its order. */
export function validateGraph(graph: LayerGraph): void {
  const modules = unique(graph.modules, "name", "layer");
  const tensors = unique(graph.tensors, "id", "tensor");
  unique(graph.nodes, "id", "use");
  if (graph.nodes.length === 0) throw badGraph("it has no layers");
  if (graph.outputs.length === 0) throw badGraph("it has no outputs");
  const ready = new Set<string>();
  for (const id of graph.inputs) {
    if (tensors.get(id)?.producer !== null) throw badGraph(`its input "${id}" is no free tensor`);
    ready.add(id);
  }
  const usedModules = new Set<string>();
  for (const node of graph.nodes) {
    if (!modules.has(node.module))
      throw badGraph(`"${node.id}" uses the layer "${node.module}", which it has not`);
    usedModules.add(node.module);
    for (const id of node.inputs)
      if (!ready.has(id)) throw badGraph(`"${node.id}" reads "${id}", which nothing made before`);
    for (const id of node.outputs) {
      if (tensors.get(id)?.producer !== node.id || ready.has(id))
        throw badGraph(`"${id}" is not made by "${node.id}" alone`);
      ready.add(id);
    }
  }
  for (const id of tensors.keys())
    if (!ready.has(id)) throw badGraph(`nothing makes the tensor "${id}"`);
  for (const name of modules.keys())
    if (!usedModules.has(name)) throw badGraph(`the layer "${name}" is never used`);
  for (const id of graph.outputs)
    if (!ready.has(id)) throw badGraph(`nothing makes its output "${id}"`);
}

function unique<K extends string, T extends { readonly [key in K]: string }>(
  list: readonly T[],
  key: K,
  what: string,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const one of list) {
    if (map.has(one[key])) throw badGraph(`there are two ${what}s "${one[key]}"`);
    map.set(one[key], one);
  }
  return map;
}

export function badGraph(what: string): RunError {
  return new RunError("bad-graph", `the model's graph: ${what}`, {
    hint: "it must be a model of TensorFlow.js layers, as model.toJSON() writes it",
  });
}

/**
 * Modules that must have equal weights, as indices into `graph.modules`: those that name a common
 * weight, directly or by way of others. Groups and members rise.
 */
export function weightGroups(graph: LayerGraph): readonly (readonly number[])[] {
  const parent = graph.modules.map((_, i) => i);
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i]!;
    return i;
  };
  const owner = new Map<string, number>();
  for (const [i, { weights }] of graph.modules.entries())
    for (const weight of weights) {
      const other = owner.get(weight);
      if (other === undefined) owner.set(weight, i);
      else {
        const [low, high] = [root(i), root(other)].sort((a, b) => a - b) as [number, number];
        parent[high] = low;
      }
    }
  const groups = new Map<number, number[]>();
  for (const i of graph.modules.keys()) groups.set(root(i), [...(groups.get(root(i)) ?? []), i]);
  return [...groups.values()];
}

/** For each module the first of its weight group, by names: uses of one root share weights. */
export function sharingRoots(graph: LayerGraph): ReadonlyMap<string, string> {
  return new Map(
    weightGroups(graph).flatMap((group) =>
      group.map((i) => [graph.modules[i]!.name, graph.modules[group[0]!]!.name] as const),
    ),
  );
}

/** Names of modules with weights that more than one use reads, each with its uses' positions. */
export function sharedModules(graph: LayerGraph): ReadonlyMap<string, readonly number[]> {
  const roots = sharingRoots(graph);
  const owning = new Set(
    graph.modules.filter(({ weights }) => weights.length > 0).map(({ name }) => name),
  );
  const uses = new Map<string, number[]>();
  for (const [i, node] of graph.nodes.entries()) {
    if (!owning.has(node.module)) continue;
    const root = roots.get(node.module)!;
    uses.set(root, [...(uses.get(root) ?? []), i]);
  }
  return new Map([...uses].filter(([, list]) => list.length > 1));
}
