import type { SplitRequest } from "./choose-splits.ts";
import type { Trace } from "./cost-model.ts";
import type { LaidOut } from "./lay-out.ts";
import type { LayerGraph } from "./layer-graph.ts";
import type { Partition } from "./partition.ts";
import type { StageFile } from "./pipeline-layout.ts";
import type { SplitGraph } from "./split-graph.ts";

/** Which microbatch of which step: with a layer's use it names all that is drawn there. */
export interface StagePass {
  readonly step: number;
  readonly microbatch: number;
  readonly examples: number;
  /** As for prediction: nothing is dropped, and averages stand for what a microbatch shows. */
  readonly isPrediction?: true;
}

/** One stage of a network, at any weights: arrays in and out, each of several tensors. */
export interface StageEngine {
  readonly file: StageFile;
  /** Of its weights in memory. */
  readonly bytes: number;
  /** Whether it stands at the weights of this name. */
  isAt(name: string): boolean;
  /** Sets the weights that are called so, an array for each of the stage's parts. */
  set(name: string, parts: readonly Float32Array[]): void;
  /** Arrays by the fields of the reply. `stash`: the name to keep for the backward pass. */
  forward(
    input: StageInput,
    task: StagePass,
    stash?: string | null,
  ): Readonly<Record<string, Float32Array>>;
  /** A forward pass is kept under this name, at the weights that are set. */
  holds(stash: string): boolean;
  /** A forward pass as for prediction. */
  predict(input: StageInput, task: StagePass): StagePrediction;
  /**
   * Of slopes an array for each consumer. The loss is a sum over examples. A forward pass that is
   * held under the name of `stash` stands for the imports, and is gone afterwards: the same bits.
   */
  backward(
    input: StageInput,
    slopes: readonly Float32Array[],
    task: StagePass,
    stash?: string | null,
  ): StageBackward;
  /** Frees it until weights are set again. */
  close(): void;
}

export interface StageBackward {
  readonly loss: number;
  readonly fields: Readonly<Record<string, Float32Array>>;
  /** The model's first output, where it is made here. */
  readonly outputs: Float32Array | null;
}

/** What a stage makes of a microbatch when nothing is trained. */
export interface StagePrediction {
  /** Arrays by the fields of the reply. */
  readonly fields: Readonly<Record<string, Float32Array>>;
  /** The model's first output, a row after another, where it is made here. */
  readonly outputs: Float32Array | null;
  /** Penalties of the layers that count here, once. */
  readonly penalty: number;
}

/** What a stage reads: an array for each import, and rows where it reads those. */
export interface StageInput {
  readonly imports: readonly Float32Array[];
  readonly rows: { readonly values: Float32Array; readonly targets: Float32Array } | null;
}

export interface CutRequest {
  /** Rows of a microbatch, a row after another: what is measured. */
  readonly rows: { readonly count: number; readonly values: Float32Array };
  readonly nowMs: () => number;
  /** Runs of each layer that are measured. */
  readonly repeats?: number;
  /** Workers that share layers; absent where each layer is one worker's. */
  readonly split?: SplitRequest;
  /** Where to cut; of a graph with all that the trace tells. */
  partition(graph: LayerGraph, trace: Trace): Partition;
}

export interface TracedModel {
  readonly graph: LayerGraph;
  readonly trace: Trace;
}

/** A network that was cut. */
export interface CutModel extends Omit<LaidOut, "files"> {
  readonly graph: LayerGraph;
  readonly trace: Trace;
  readonly partition: Partition;
  /** Where workers share layers: the model with each on the worker that has most of it. */
  readonly split?: {
    readonly whole: TracedModel & { readonly partition: Partition };
    readonly ways: SplitGraph["ways"];
  };
  /** A stage's file, of each. */
  readonly files: readonly Uint8Array<ArrayBuffer>[];
}

/** The weights of a whole model that was drawn; whoever asked for it closes it. */
export interface InitialWeights {
  /** A tensor's numbers, by its place among the model's. */
  read(index: number): Float32Array<ArrayBuffer>;
  close(): void;
}
