import {
  chooseSplits,
  type Indexed,
  type SplitRequest,
  type Splits,
  soleReader,
} from "./choose-splits.ts";
import { indexGraph, type LayerGraph, type LayerModule, type LayerNode } from "./layer-graph.ts";
import {
  classesInput,
  isElementwise,
  type SharedWeight,
  type SplitLayer,
  type SplitName,
  type StandIn,
} from "./split-layers.ts";

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
    scoresClasses: request.hasClasses === true && isLast(graph, module),
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
      const own = put(`${node.id}/${part}`, split.share(layer, part, request.of), inputs, part);
      const judge = split.judge?.(layer, part, request.of);
      if (judge === undefined) return own;
      return put(`${node.id}/classes/${part}`, judge, [own, classesInput], part);
    });
    if (isBlock(index, splits, node, layer)) open.set(node.outputs[0]!, made);
    else put(node.id, split.combine(layer), made, 0);
  }
  const ways = new Map([...splits].map(([name, split]) => [name, split.name]));
  return { ...built.of(graph), ways };
}

/** Its output is the model's only one, and nothing else reads it. */
function isLast(graph: LayerGraph, { name, config }: LayerModule): boolean {
  const [use, ...others] = graph.nodes.filter(({ module }) => module === name);
  const [output, ...rest] = graph.outputs;
  const isRead = graph.nodes.some(({ inputs }) => inputs.includes(output!));
  const isOne = others.length === 0 && rest.length === 0 && !isRead;
  return isOne && use!.outputs[0] === output && (config.activation ?? "linear") === "linear";
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
      const readsClasses = nodes.some((node) => node.inputs.includes(classesInput));
      const ofClasses = { id: classesInput, producer: null, ...untold };
      const inputs = [
        ...whole.inputs.map((id) => before.get(id)!),
        ...(readsClasses ? [ofClasses] : []),
      ];
      const tensors = nodes.flatMap(({ id: producer, outputs }) =>
        outputs.map((id) => before.get(id) ?? { id, producer, ...untold }),
      );
      const own = { modules: [...modules.values()], nodes, tensors: [...inputs, ...tensors] };
      return {
        graph: { ...whole, ...own, inputs: inputs.map(({ id }) => id) },
        usesOf: (node) => uses.get(node)!,
        laneOf: (node) => lanes.get(node) ?? 0,
        weightsOf: (module) => weights.get(module) ?? null,
      };
    },
  };
}

/** The layer's shares go straight to those of the one layer that reads them. */
function isBlock(index: Indexed, splits: Splits, node: LayerNode, layer: SplitLayer): boolean {
  const reader = soleReader(index, node);
  const isColumns = splits.get(node.module)?.name === "column" && isElementwise(layer);
  return isColumns && reader !== null && splits.get(reader.module)?.readsShares === true;
}
