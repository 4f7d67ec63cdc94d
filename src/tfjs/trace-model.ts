import { assert, RunError } from "../core/errors.ts";
import { randomFrom } from "../core/random.ts";
import type {
  ModuleFigures,
  NodeFigures,
  TensorFigures,
  Trace,
} from "../model-parallel/cost-model.ts";
import type { LayerGraph, LayerTensor } from "../model-parallel/layer-graph.ts";
import { contiguous } from "../model-parallel/partition.ts";
import { stageProgram } from "../model-parallel/stage-program.ts";
import type { StagePass } from "../model-parallel/staged-model.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { countLiveBytes, type LiveBytes } from "./live-bytes.ts";
import { type OpenStage, openStage } from "./stage.ts";
import type { StageForward, Stash } from "./stage-model.ts";

export interface TraceOptions {
  /** A microbatch: a tensor for each input of the graph. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly nowMs: () => number;
  /** Runs of each layer that are measured, after one that is not; the median counts. */
  readonly repeats?: number;
}

/**
 * Measures one microbatch, use by use: times, shapes, and what a forward pass keeps. One layer is
 * built at a time, so that a model which fits nowhere can be traced anywhere. Drawn weights do.
 */
export async function traceModel(graph: LayerGraph, options: TraceOptions): Promise<Trace> {
  const live = countLiveBytes();
  try {
    return await traceLayers(graph, options, live);
  } finally {
    live.stop();
  }
}

async function traceLayers(
  graph: LayerGraph,
  { inputs, nowMs, repeats = 3 }: TraceOptions,
  live: LiveBytes,
): Promise<Trace> {
  const values = new Map(Object.entries(inputs));
  const examples = values.get(graph.inputs[0]!)!.shape[0]!;
  const ids = graph.nodes.map(({ id }) => id);
  const each = contiguous(
    ids,
    ids.map((_, i) => i + 1),
  );
  const modules: Record<string, ModuleFigures> = {};
  const nodes: Record<string, NodeFigures> = {};
  for (const [i, { id, module }] of graph.nodes.entries()) {
    const program = stageProgram(shaped(graph, values), each, i);
    const stage = await openStage(program, randomFrom("trace"));
    try {
      const stageInputs = Object.fromEntries(
        program.imports.map(({ tensor }) => [tensor, values.get(tensor)!]),
      );
      const task = { step: 0, microbatch: 0, examples };
      const how = { nowMs, repeats, live };
      const { made, packedBytes, figures } = measure(stage, stageInputs, task, how);
      modules[module] = weightFigures(stage, packedBytes);
      for (const { index, tensor } of program.outputs) values.set(tensor, made.outputs.get(index)!);
      for (const [tensor, value] of Object.entries(made.exports)) values.set(tensor, value);
      nodes[id] = figures;
    } finally {
      stage.close();
    }
  }
  const tensors = graph.tensors.map(({ id, dtype }): [string, TensorFigures] => {
    // What nobody reads goes nowhere.
    return [id, { shape: values.get(id)?.shape ?? [examples, 0], dtype }];
  });
  return { examples, modules, nodes, tensors: Object.fromEntries(tensors) };
}

function shaped(graph: LayerGraph, values: ReadonlyMap<string, Tensor>): LayerGraph {
  const tensors = graph.tensors.map((tensor): LayerTensor => {
    const shape = values.get(tensor.id)?.shape;
    return shape === undefined ? tensor : { ...tensor, shape: [null, ...shape.slice(1)] };
  });
  return { ...graph, tensors };
}

function weightFigures({ weights }: OpenStage, packedBytes: number): ModuleFigures {
  const trained = weights.filter(({ kind }) => kind === "trained");
  return { weightBytes: bytesOf(weights), packedBytes, trainableBytes: bytesOf(trained) };
}

function measure(
  stage: OpenStage,
  inputs: Readonly<Record<string, Tensor>>,
  task: StagePass,
  { nowMs, repeats, live }: { nowMs: () => number; repeats: number; live: LiveBytes },
) {
  const packedBefore = live.packed();
  const made = stage.forward(inputs, task);
  refuseOtherNumbers(stage, made, stage.forward(inputs, task));
  const ones = Object.values(stage.program.steps).flatMap((step) =>
    step.kind === "export" ? [[step.key, filled(made.exports[step.tensor]!)] as const] : [],
  );
  const slopes = Object.fromEntries(ones);
  const loss = () => ({
    loss: 0,
    slopes: new Map([...made.outputs].map(([i, tensor]) => [i, filled(tensor).data])),
  });
  const timed = (work: () => unknown) => {
    const from = nowMs();
    work();
    return nowMs() - from;
  };
  const forward: number[] = [];
  const backward: number[] = [];
  for (let run = 0; run <= repeats; run++) {
    forward.push(timed(() => stage.forward(inputs, task)));
    backward.push(timed(() => stage.backward(inputs, slopes, task, loss)));
  }
  const forwardMs = median(forward.slice(1));
  const packedBytes = live.packed() - packedBefore;
  const sizeOf = (list: readonly Tensor[]) =>
    list.reduce((sum, { data }) => sum + data.byteLength, 0);
  const held = heldBytes(stage, live, () => {
    const { stash } = stage.forward(inputs, task, "stash");
    return { stash: stash!, backward: () => stage.backward(stash!, slopes, task, loss) };
  });
  const figures: NodeFigures = {
    forwardMs,
    backwardMs: Math.max(0, median(backward.slice(1)) - forwardMs),
    // The inputs themselves belong to whoever made them.
    activationBytes: Math.max(0, held.kept - sizeOf(Object.values(inputs))),
    slopeBytes: held.slopes + (made.outputs.size > 0 ? held.outward : 0),
    workingBytes: held.working,
  };
  return { made, packedBytes, figures };
}

/** What a pass and its derivative hold besides the weights and their slopes. */
function heldBytes(
  { weights }: OpenStage,
  live: LiveBytes,
  forward: () => { readonly stash: Stash; readonly backward: () => unknown },
) {
  const weightsBytes = live.now();
  const { stash, backward } = forward();
  const kept = live.now() - weightsBytes;
  const looks: number[] = [];
  // What is sent on is copied last, so that its slopes come before the own operations.
  const { exports, outputs } = stash.tape.value;
  const sentOn = Object.keys(exports).length + outputs.length;
  stash.tape.watch(() => {
    if (looks.length <= sentOn) live.takePeak();
    looks.push(live.now());
  });
  backward();
  const [first, last] = [looks[Math.min(sentOn, looks.length - 1)]!, looks.at(-1)!];
  const trained = weights.filter(({ kind }) => kind === "trained");
  return {
    kept,
    outward: Math.max(0, first - weightsBytes - kept),
    slopes: Math.max(0, last - first - bytesOf(trained)),
    working: live.takePeak() - last,
  };
}

function bytesOf(weights: OpenStage["weights"]): number {
  return weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 4), 0);
}

/** A task that is asked again must come to the same bits. */
function refuseOtherNumbers(
  { program }: OpenStage,
  before: StageForward,
  again: StageForward,
): void {
  const numbersOf = ({ outputs, exports }: StageForward) =>
    [...outputs.values(), ...Object.values(exports)].map(({ data }) => data);
  const others = numbersOf(again);
  const areSame = numbersOf(before).every((data, i) =>
    data.every((value, at) => Object.is(value, others[i]![at])),
  );
  if (areSame) return;
  const { name } = program.topology.config as { readonly name?: string };
  const layer = program.steps.find((step) => step.kind === "use")?.module ?? name;
  throw new RunError(
    "not-deterministic",
    `layer "${layer}" gives other numbers when it is asked again with the same ones`,
    { hint: "draw with Math.random or TensorFlow.js's own generators, which kofn seeds" },
  );
}

function filled({ shape, data }: Tensor): { shape: readonly number[]; data: Float32Array } {
  return { shape, data: new Float32Array(data.length).fill(1) };
}

function median(list: readonly number[]): number {
  assert(list.length > 0, "something was measured");
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}
