import { RunError } from "../core/errors.ts";
import { nearest } from "../core/text.ts";
import { indexGraph, type LayerGraph, type LayerModule, type LayerNode } from "./layer-graph.ts";
import {
  isElementwise,
  type LayerSplit,
  type SharedWeight,
  type SplitLayer,
  type SplitName,
  type StandIn,
  splitClasses,
  splitsOf,
} from "./split-layers.ts";

/** How many workers share layers, and which of them how. */
export interface SplitRequest {
  readonly of: number;
  /** Ways by layer; absent: every layer that divides. */
  readonly ways?: Readonly<Record<string, SplitName>>;
}

/** A graph in which some layers are several, one for each of the workers that share them. */
export interface SplitGraph {
  readonly graph: LayerGraph;
  /** Ways by the layers that are shared. */
  readonly ways: ReadonlyMap<string, SplitName>;
  /** Uses by the use of the whole that they stand for. */
  readonly usesOf: (node: string) => readonly string[];
  /** Which of a stage's workers computes a use: 0 where the layer is not shared. */
  readonly laneOf: (node: string) => number;
  /** What the weights of a layer that stands for a part of another one are; null: the other's. */
  readonly weightsOf: (module: string) => readonly SharedWeight[] | null;
}

/**
 * Puts shares in the place of layers, joined or added up again before anything else reads them. A
 * dense layer by columns whose only reader is one by rows is joined after both: a feed-forward
 * block. Throws `RunError` where a layer does not divide, or nothing does.
 */
export function splitGraph(
  graph: LayerGraph,
  request: SplitRequest,
  weightShapes: (module: LayerModule) => SplitLayer["weightShapes"],
): SplitGraph {
  const layerOf = (module: LayerModule): SplitLayer => ({
    ...{ className: module.className, config: module.config },
    weightShapes: weightShapes(module),
  });
  const splits = chooseSplits(graph, request, layerOf);
  const index = indexGraph(graph);
  const built = newGraph();
  /** Outputs that no use joins, as each worker has its share. */
  const open = new Map<string, readonly string[]>();
  for (const node of graph.nodes) {
    const module = index.module(node.module);
    const split = splits.get(module.name);
    if (split === undefined) {
      built.keep(module, node);
      continue;
    }
    const layer = layerOf(module);
    const put = (name: string, stand: StandIn, inputs: readonly string[], lane: number) =>
      built.put({ module, node }, name, stand, inputs, lane);
    const made = Array.from({ length: request.of }, (_, part) => {
      const inputs = node.inputs.map((tensor) => {
        if (split.readsShares !== true) return tensor;
        const config = { part, of: request.of };
        const features = { className: "FeatureShare", config, weights: [] };
        const joined = () => put(`${node.id}/inputs/${part}`, features, [tensor], 0);
        return open.get(tensor)?.[part] ?? joined();
      });
      return put(`${node.id}/${part}`, split.share(layer, part, request.of), inputs, part);
    });
    if (isBlock(index, splits, node, layer)) open.set(node.outputs[0]!, made);
    else put(node.id, split.combine(layer), made, 0);
  }
  const ways = new Map([...splits].map(([name, split]) => [name, split.name]));
  return { ...built.of(graph), ways };
}

/** A graph that is built use by use. */
function newGraph() {
  const modules = new Map<string, LayerModule>();
  const nodes: LayerNode[] = [];
  const lanes = new Map<string, number>();
  const weights = new Map<string, readonly SharedWeight[]>();
  const uses = new Map<string, string[]>();
  const add = (module: LayerModule, node: LayerNode, of: string) => {
    modules.set(module.name, module);
    nodes.push(node);
    uses.set(of, [...(uses.get(of) ?? []), node.id]);
  };
  return {
    keep: (module: LayerModule, node: LayerNode) => add(module, node, node.id),
    /** Adds what stands for a use of another layer, or for a part of it; the tensor it makes. */
    put(
      { module, node }: { readonly module: LayerModule; readonly node: LayerNode },
      name: string,
      { className, config, weights: own }: StandIn,
      inputs: readonly string[],
      lane: number,
    ): string {
      const of = { ...module, name, className, config, weights: [name] };
      add(of, { id: name, module: name, inputs, outputs: [name] }, node.id);
      lanes.set(name, lane);
      weights.set(name, own);
      return name;
    },
    of(whole: LayerGraph): Omit<SplitGraph, "ways"> {
      const before = new Map(whole.tensors.map((tensor) => [tensor.id, tensor]));
      const untold = { shape: null, dtype: "float32", bytesPerExample: null };
      const inputs = whole.inputs.map((id) => before.get(id)!);
      const tensors = nodes.flatMap(({ id: producer, outputs }) =>
        outputs.map((id) => before.get(id) ?? { id, producer, ...untold }),
      );
      const own = { modules: [...modules.values()], nodes, tensors: [...inputs, ...tensors] };
      return {
        graph: { ...whole, ...own },
        usesOf: (node) => uses.get(node)!,
        laneOf: (node) => lanes.get(node) ?? 0,
        weightsOf: (module) => weights.get(module) ?? null,
      };
    },
  };
}

type Splits = ReadonlyMap<string, LayerSplit>;
type Indexed = ReturnType<typeof indexGraph>;

/** The layer's shares go straight to those of the one layer that reads them. */
function isBlock(index: Indexed, splits: Splits, node: LayerNode, layer: SplitLayer): boolean {
  const reader = soleReader(index, node);
  const isColumns = splits.get(node.module)?.name === "column" && isElementwise(layer);
  return isColumns && reader !== null && splits.get(reader.module)?.readsShares === true;
}

function soleReader({ graph, readers }: Indexed, { outputs }: LayerNode): LayerNode | null {
  const [tensor] = outputs as [string];
  const all = readers(tensor);
  return all.length === 1 && !graph.outputs.includes(tensor) ? graph.nodes[all[0]!]! : null;
}

function chooseSplits(
  graph: LayerGraph,
  { of, ways }: SplitRequest,
  layerOf: (module: LayerModule) => SplitLayer,
): Splits {
  const index = indexGraph(graph);
  const usesOf = (name: string) => graph.nodes.filter(({ module }) => module === name);
  const refusalOf = (module: LayerModule, split: LayerSplit): string | null => {
    const layer = layerOf(module);
    const { what, count } = split.size(layer);
    if (usesOf(module.name).length > 1) return "it is used more than once";
    if (layer.weightShapes.length === 0) return "its weights are another layer's";
    if (count % of !== 0) return `its ${count} ${what} are no multiple of ${of}`;
    return split.refusal?.(layer) ?? null;
  };
  const splits = new Map<string, LayerSplit>();
  if (ways === undefined) {
    const reasons: string[] = [];
    for (const module of graph.modules) {
      const before = [...usesOf(module.name)].map(({ inputs }) =>
        splitBefore(index, splits, inputs),
      );
      const all = splitsOf(module.className);
      const inOrder =
        before.includes("column") && module.className === "Dense" ? [...all].reverse() : all;
      const found = inOrder.find((split) => refusalOf(module, split) === null);
      if (found !== undefined) splits.set(module.name, found);
      else if (all.length > 0) reasons.push(`"${module.name}": ${refusalOf(module, all[0]!)}`);
    }
    if (splits.size === 0) throw nothingDivides(of, reasons);
    return splits;
  }
  for (const [name, way] of Object.entries(ways)) {
    const module = graph.modules.find((one) => one.name === name);
    if (module === undefined) {
      const known = graph.modules.map((one) => one.name);
      throw refused(`there is no layer "${name}"`, nearest(name, known));
    }
    const all = splitsOf(module.className);
    const split = all.find((one) => one.name === way);
    if (split === undefined)
      throw refused(
        `"${name}": a layer of class ${module.className} is not divided by ${way}`,
        all.length > 0
          ? `say ${all.map((one) => one.name).join(" or ")}`
          : `name layers of the classes ${splitClasses.join(", ")}`,
      );
    const why = refusalOf(module, split);
    if (why !== null)
      throw refused(
        `"${name}" by ${way}: ${why}`,
        "choose a tensor that divides it, or leave it whole",
      );
    splits.set(name, split);
  }
  return splits;
}

/** How the only layer that an input comes from, and that nothing else reads, is divided. */
function splitBefore(index: Indexed, splits: Splits, inputs: readonly string[]): SplitName | null {
  const { producer } = index.tensor(inputs[0]!);
  if (producer === null || inputs.length !== 1) return null;
  const node = index.node(producer);
  if (soleReader(index, node) === null) return null;
  const { className, config } = index.module(node.module);
  const isOpen = className === "Dense" && isElementwise({ className, config, weightShapes: [] });
  return isOpen ? (splits.get(node.module)?.name ?? null) : null;
}

function nothingDivides(of: number, reasons: readonly string[]): RunError {
  const some = reasons.slice(0, 3).join("; ");
  return refused(
    some === "" ? `no layer is of the classes ${splitClasses.join(", ")}` : some,
    `choose another number than tensor: ${of}, or leave it out`,
  );
}

function refused(what: string, hint: string): RunError {
  return new RunError("bad-split", `strategy.split: ${what}`, { hint });
}
