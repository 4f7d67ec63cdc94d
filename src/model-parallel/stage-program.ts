import { RunError } from "../core/errors.ts";
import { type IndexedGraph, indexGraph, type LayerGraph } from "./layer-graph.ts";
import type { Partition } from "./partition.ts";
import { isModel, type Topology } from "./read-topology.ts";

/** What one stage computes: plain data, all that a worker needs besides weights. */
export interface StageProgram {
  readonly stage: number;
  readonly worker: number;
  /** A model of this stage's layers alone, each under its module's name. */
  readonly topology: Topology;
  /** In the canonical order of the whole graph, so that sums of slopes are the same bits. */
  readonly steps: readonly StageStep[];
  readonly imports: readonly StageImport[];
  /** Tensors that later stages read. */
  readonly exports: readonly string[];
  /** The model's outputs that are made here. */
  readonly outputs: readonly { readonly index: number; readonly tensor: string }[];
  /** Modules whose penalties (regularizers) count here, each once: where it is used first. */
  readonly penalties: readonly { readonly module: string; readonly node: string }[];
}

export type StageStep =
  | {
      readonly kind: "use";
      readonly node: string;
      /** In the canonical order of the whole graph, whatever layers are called. */
      readonly position: number;
      readonly module: string;
      /** Keys of imports, or tensors made here. */
      readonly inputs: readonly string[];
      readonly outputs: readonly string[];
    }
  /** Here a later stage reads the tensor; its slopes come back under the key. */
  | { readonly kind: "export"; readonly tensor: string; readonly key: string };

/**
 * A tensor as some uses of this stage read it. It stands there once, with the sum of their slopes,
 * where they are the last to read it; else once for each use, as slopes are summed from the last
 * use to the first wherever the uses are.
 */
export interface StageImport {
  readonly key: string;
  readonly tensor: string;
  readonly fromStage: number | null;
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** The programs of all stages of a partition that was checked. Throws `RunError` before a trace. */
export function stagePrograms(graph: LayerGraph, partition: Partition): readonly StageProgram[] {
  return partition.stages.map((_, stage) => stageProgram(graph, partition, stage));
}

/** The program of one stage, for which the shapes of what it reads are enough. */
export function stageProgram(graph: LayerGraph, partition: Partition, stage: number): StageProgram {
  const stageByNode = new Map<string, number>();
  for (const [at, { nodes }] of partition.stages.entries())
    for (const id of nodes) stageByNode.set(id, at);
  return program(indexGraph(graph), stageByNode, stage, partition.stages[stage]!.worker);
}

type StageByNode = ReadonlyMap<string, number>;

function program(
  index: IndexedGraph,
  stageByNode: StageByNode,
  stage: number,
  worker: number,
): StageProgram {
  const { graph } = index;
  const imports = new Map<string, StageImport>();
  const steps: StageStep[] = [];
  const exports = new Set<string>();
  const penalties = new Map<string, string>();
  const seen = new Set<string>();
  for (const node of graph.nodes) {
    const isOwn = stageByNode.get(node.id) === stage;
    const isFirst = !seen.has(node.module);
    seen.add(node.module);
    const inputs = node.inputs.map((tensor) => {
      const from = producerStage(index, stageByNode, tensor);
      if (isOwn && from !== stage)
        return addImport(index, stageByNode, stage, tensor, node.id, imports);
      const key = groupKey(index, stageByNode, tensor, node.id);
      const isOpened = steps.some((step) => step.kind === "export" && step.key === key);
      if (!isOwn && from === stage && !isOpened) {
        exports.add(tensor);
        steps.push({ kind: "export", tensor, key });
      }
      return tensor;
    });
    if (!isOwn) continue;
    const { id, module, outputs } = node;
    const position = index.position(id);
    if (isFirst) penalties.set(module, id);
    steps.push({ kind: "use", node: id, position, module, inputs, outputs });
  }
  const outputs = graph.outputs.flatMap((tensor, at) =>
    producerStage(index, stageByNode, tensor) === stage ? [{ index: at, tensor }] : [],
  );
  const list = [...imports.values()];
  return {
    ...{ stage, worker, steps, outputs, imports: list, exports: [...exports] },
    topology: stageTopology(index, stage, list, steps),
    penalties: [...penalties].map(([module, node]) => ({ module, node })),
  };
}

function producerStage(
  index: IndexedGraph,
  stageByNode: StageByNode,
  tensor: string,
): number | null {
  const { producer } = index.tensor(tensor);
  return producer === null ? null : stageByNode.get(producer)!;
}

/** Names a tensor as the use reads it: with all uses of its stage, or alone. */
function groupKey(
  index: IndexedGraph,
  stageByNode: StageByNode,
  tensor: string,
  node: string,
): string {
  const readers = index.readers(tensor).map((at) => index.graph.nodes[at]!.id);
  const stage = stageByNode.get(node)!;
  const first = readers.findIndex((id) => stageByNode.get(id) === stage);
  const areLast = readers.slice(first).every((id) => stageByNode.get(id) === stage);
  return `${tensor}@${areLast ? readers[first] : node}`;
}

function addImport(
  index: IndexedGraph,
  stageByNode: StageByNode,
  stage: number,
  tensor: string,
  node: string,
  imports: Map<string, StageImport>,
): string {
  const { shape, dtype } = index.tensor(tensor);
  if (shape === null)
    throw new RunError("bad-graph", `stage ${stage} reads "${tensor}", whose shape is unknown`, {
      hint: "trace a microbatch first",
    });
  const fromStage = producerStage(index, stageByNode, tensor);
  const key = groupKey(index, stageByNode, tensor, node);
  imports.set(key, { key, tensor, fromStage, shape, dtype });
  return key;
}

/** A functional model of the uses of one stage. */
function stageTopology(
  index: IndexedGraph,
  stage: number,
  imports: readonly StageImport[],
  steps: readonly StageStep[],
): Topology {
  const refs = new Map<string, readonly unknown[]>();
  const taken = new Set(index.graph.modules.map(({ name }) => name));
  const layers: { name: string; class_name: string; config: object; inbound_nodes: unknown[] }[] =
    [];
  for (const [i, { key, shape, dtype }] of imports.entries()) {
    let name = `import_${i}`;
    while (taken.has(name)) name += "_";
    const config = { name, batch_input_shape: shape, dtype, sparse: false };
    layers.push({ name, class_name: "InputLayer", config, inbound_nodes: [] });
    refs.set(key, [name, 0, 0]);
  }
  const inputs = layers.map(({ name }) => [name, 0, 0]);
  const read = new Set<string>();
  const byName = new Map<string, (typeof layers)[number]>();
  for (const step of steps) {
    if (step.kind !== "use") continue;
    const { className, config } = index.module(step.module);
    const layer = byName.get(step.module) ?? {
      ...{ name: step.module, class_name: className, inbound_nodes: [] },
      config: { ...config, name: step.module },
    };
    if (!byName.has(step.module)) layers.push(layer);
    byName.set(step.module, layer);
    const use = layer.inbound_nodes.length + (isModel(layer) ? 1 : 0);
    for (const key of step.inputs) read.add(key);
    layer.inbound_nodes.push(step.inputs.map((key) => [...refs.get(key)!, {}]));
    for (const [k, tensor] of step.outputs.entries()) refs.set(tensor, [step.module, use, k]);
  }
  // What nothing here reads leads to everything else.
  const outputs = [...refs].flatMap(([key, ref]) => (read.has(key) ? [] : [ref]));
  const name = `stage_${stage}`;
  return {
    class_name: "Functional",
    config: { name, layers, input_layers: inputs, output_layers: outputs },
  };
}
