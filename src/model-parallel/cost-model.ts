import { RunError } from "../core/errors.ts";
import { type IndexedGraph, indexGraph, type LayerGraph } from "./layer-graph.ts";

/**
 * An update holds a part many times over, in double precision too: a part has no more weights, but
 * for a tensor that has more by itself.
 */
export const partLengthMax = 1024 * 1024;

const partBytesMax = partLengthMax * Float32Array.BYTES_PER_ELEMENT;

/** What one microbatch measured: the only source of costs, never counts of parameters alone. */
export interface Trace {
  /** Examples in the microbatch. */
  readonly examples: number;
  readonly modules: Readonly<Record<string, ModuleFigures>>;
  readonly nodes: Readonly<Record<string, NodeFigures>>;
  readonly tensors: Readonly<Record<string, TensorFigures>>;
}

export interface ModuleFigures {
  readonly weightBytes: number;
  /** Of weights once more, packed for the products that they are in. */
  readonly packedBytes: number;
  /** Of weights that training changes. */
  readonly trainableBytes: number;
}

/** Of one use; times in milliseconds, bytes those of the microbatch. */
export interface NodeFigures {
  readonly forwardMs: number;
  /** Of the derivative alone, without computing the forward pass again. */
  readonly backwardMs: number;
  /** What the forward pass leaves for the backward pass, the use's outputs among it. */
  readonly activationBytes: number;
  /** Slopes of what is computed on the way; they stand until the backward pass is over. */
  readonly slopeBytes: number;
  /** What one operation of the backward pass needs besides. */
  readonly workingBytes: number;
}

export interface TensorFigures {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** How stages will run, as far as their cost depends on it. */
export interface StageRule {
  /** Examples of the largest microbatch. */
  readonly examples: number;
  /** Numbers that the optimizer keeps for a trained weight. */
  readonly optimizerSlots: number;
  /** Computes a stage's forward pass again for its backward pass instead of keeping it. */
  readonly recompute: boolean;
  /** Microbatches whose activations a stage holds at once. */
  readonly inFlight: (stage: number, stages: number) => number;
  /** Bytes that a stage may take; null without a bound. */
  readonly memoryBytesMax: number | null;
  /** Of what goes between stages. */
  readonly bytesPerMs: number;
  /** 1 balances memory alone, 0 time alone. */
  readonly balance: number;
}

/** What a run of uses costs as one stage. Positions are those of the canonical order. */
export interface StageFigures {
  readonly weightBytes: number;
  readonly packedBytes: number;
  readonly trainableBytes: number;
  /** Trainable, of the layer that has most of them. */
  readonly largestBytes: number;
  /** Of one microbatch; the model's own inputs are in `inputBytes`. */
  readonly importBytes: number;
  readonly inputBytes: number;
  readonly exportBytes: number;
  readonly activationBytes: number;
  /** Slopes of activations, and of weights that several uses have, of each use but the first. */
  readonly slopeBytes: number;
  readonly workingBytes: number;
  readonly forwardMs: number;
  /** Of a whole backward task: with the forward pass again where it is computed again. */
  readonly backwardMs: number;
}

/** The graph with what a trace tells: shapes, bytes, and which layers have weights at all. */
export function tracedGraph(graph: LayerGraph, trace: Trace): LayerGraph {
  const figure = <T>(record: Readonly<Record<string, T>>, id: string, what: string): T => {
    if (Object.hasOwn(record, id)) return record[id]!;
    throw new RunError("bad-trace", `the trace has no figures of the ${what} "${id}"`, {
      hint: "trace the same model that is partitioned",
    });
  };
  for (const { id } of graph.nodes) figure(trace.nodes, id, "use");
  return {
    ...graph,
    modules: graph.modules.map((module) => {
      const { weightBytes } = figure(trace.modules, module.name, "layer");
      return { ...module, weights: weightBytes > 0 ? module.weights : [] };
    }),
    tensors: graph.tensors.map((tensor) => {
      const { shape, dtype } = figure(trace.tensors, tensor.id, "tensor");
      const size = shape.slice(1).reduce((a, b) => a * b, 4);
      return { ...tensor, shape: [null, ...shape.slice(1)], dtype, bytesPerExample: size };
    }),
  };
}

/** Adds up what any set of uses costs as a stage. */
export interface CostModel {
  readonly index: IndexedGraph;
  readonly trace: Trace;
  readonly rule: StageRule;
  /** Of uses at these positions, rising. */
  readonly figures: (positions: readonly number[]) => StageFigures;
  /** Bytes that a stage holds at its peak. */
  readonly peakBytes: (figures: StageFigures, stage: number, stages: number) => number;
  /** Milliseconds that a microbatch keeps a stage busy, its transfers among them. */
  readonly busyMs: (figures: StageFigures) => number;
  /** Shares of the whole model's memory and time, mixed by `balance`: without a unit. */
  readonly load: (figures: StageFigures, stage: number, stages: number) => number;
}

/** Four large objects are written side by side (`fewAtOnce`): bytes, the client's, the socket's. */
const writtenCopies = 12;
/**
 * Of what a stage exports, besides what the forward pass leaves: its slopes, the two multiplied,
 * the slopes of both, and once more where they are handed on.
 */
const outwardCopies = 5;
/**
 * An update holds its part's weights and its gradient in doubles, the new ones in doubles, as
 * they are told, and as bytes; of the optimizer's numbers those moved, packed, as bytes, written.
 */
const updateCopies = 7;
const updateSlotCopies = 4;

/** The cost model of a graph that was traced. */
export function costModel(graph: LayerGraph, trace: Trace, rule: StageRule): CostModel {
  const index = indexGraph(graph);
  const scale = rule.examples / trace.examples;
  const bytesOf = (id: string) => index.tensor(id).bytesPerExample! * rule.examples;
  const figures = (positions: readonly number[]) =>
    sumFigures(index, trace, positions, { scale, bytesOf, recompute: rule.recompute });
  const all = figures(graph.nodes.map((_, i) => i));
  const tensors = (own: StageFigures, stage: number, stages: number) =>
    tensorBytes(own, rule.recompute ? 1 : rule.inFlight(stage, stages));
  const partBytes = ({ trainableBytes, largestBytes }: StageFigures) =>
    Math.min(trainableBytes, Math.max(partBytesMax, largestBytes));
  /** With what is received and told, as arrays, and what is written of slopes. */
  const passBytes = (own: StageFigures, stage: number, stages: number) => {
    const { trainableBytes, importBytes, inputBytes, exportBytes } = own;
    const arrays = trainableBytes + 2 * importBytes + inputBytes + exportBytes;
    const written = Math.min(writtenCopies * partBytes(own), 2 * trainableBytes);
    return tensors(own, stage, stages) + arrays + written;
  };
  const peakBytes = (own: StageFigures, stage: number, stages: number) => {
    const update = (updateCopies + updateSlotCopies * rule.optimizerSlots) * partBytes(own);
    return Math.max(passBytes(own, stage, stages), tensors(own, stage, stages) + update);
  };
  const busyMs = (own: StageFigures) =>
    own.forwardMs + own.backwardMs + trafficBytes(own, rule.recompute) / rule.bytesPerMs;
  // One stage of everything sends nothing, so its shares are those of computing alone.
  const whole = { bytes: passBytes(all, 0, 1), ms: all.forwardMs + all.backwardMs };
  const share = (part: number, of: number) => (of > 0 ? part / of : 0);
  const load = (own: StageFigures, stage: number, stages: number) =>
    rule.balance * share(passBytes(own, stage, stages), whole.bytes) +
    (1 - rule.balance) * share(busyMs(own), whole.ms);
  return { index, trace, rule, figures, peakBytes, busyMs, load };
}

/**
 * What the tensors of a stage take when its backward pass is over, forward passes of so many
 * microbatches kept: it grows as it is needed and shrinks no more.
 */
export function tensorBytes(own: StageFigures, kept: number): number {
  const passes = kept * (own.activationBytes + own.importBytes + own.inputBytes);
  const slopes = own.trainableBytes + own.slopeBytes + outwardCopies * own.exportBytes;
  return own.weightBytes + own.packedBytes + passes + slopes + own.workingBytes;
}

/** Bytes in and out of a stage for one microbatch, forward and backward. */
export function trafficBytes(own: StageFigures, recompute: boolean): number {
  const read = recompute ? 2 : 1;
  // Each import is read, and its slope written; each export written, and its slope read.
  return read * (own.importBytes + own.inputBytes) + own.importBytes + 2 * own.exportBytes;
}

/** Of a layer that stands on the stage already: a use has its own, as computed and as told. */
export function repeatedSlopes({ trainableBytes }: ModuleFigures): number {
  return 2 * trainableBytes;
}

interface Scaling {
  readonly scale: number;
  readonly bytesOf: (tensor: string) => number;
  readonly recompute: boolean;
}

function sumFigures(
  { graph, readers, tensor, position }: IndexedGraph,
  trace: Trace,
  positions: readonly number[],
  { scale, bytesOf, recompute }: Scaling,
): StageFigures {
  const own = new Set(positions);
  const [modules, imports, inputs, exports] = [1, 2, 3, 4].map(() => new Set<string>());
  let [forward, backward, activations, slopes, working] = [0, 0, 0, 0, 0];
  for (const at of positions) {
    const { id, module, inputs: reads, outputs } = graph.nodes[at]!;
    if (modules!.has(module)) slopes! += repeatedSlopes(trace.modules[module]!);
    modules!.add(module);
    for (const read of reads) {
      const { producer } = tensor(read);
      if (producer === null) inputs!.add(read);
      else if (!own.has(position(producer))) imports!.add(read);
    }
    for (const made of outputs)
      if (readers(made).some((reader) => !own.has(reader))) exports!.add(made);
    const node = trace.nodes[id]!;
    forward! += node.forwardMs * scale;
    backward! += (node.backwardMs + (recompute ? node.forwardMs : 0)) * scale;
    activations! += node.activationBytes * scale;
    slopes! += node.slopeBytes * scale;
    working = Math.max(working!, node.workingBytes * scale);
  }
  const sum = (ids: Iterable<string>, of: (id: string) => number) => {
    let total = 0;
    for (const id of ids) total += of(id);
    return total;
  };
  return {
    weightBytes: sum(modules!, (name) => trace.modules[name]!.weightBytes),
    packedBytes: sum(modules!, (name) => trace.modules[name]!.packedBytes),
    trainableBytes: sum(modules!, (name) => trace.modules[name]!.trainableBytes),
    largestBytes: Math.max(0, ...[...modules!].map((name) => trace.modules[name]!.trainableBytes)),
    importBytes: sum(imports!, bytesOf),
    inputBytes: sum(inputs!, bytesOf),
    exportBytes: sum(exports!, bytesOf),
    activationBytes: activations!,
    slopeBytes: slopes!,
    workingBytes: working!,
    forwardMs: forward!,
    backwardMs: backward!,
  };
}
