import type { Trace } from "./cost-model.ts";
import type { LaidOut } from "./lay-out.ts";
import type { LayerGraph } from "./layer-graph.ts";
import type { Partition } from "./partition.ts";
import type { StageFile } from "./pipeline-layout.ts";

/** Which microbatch of which step: with a layer's use it names all that is drawn there. */
export interface StagePass {
  readonly step: number;
  readonly microbatch: number;
  readonly examples: number;
}

/** One stage of a network, at any weights: arrays in and out, each of several tensors. */
export interface StageEngine {
  readonly file: StageFile;
  /** Whether it stands at the weights of this name. */
  isAt(name: string): boolean;
  /** Sets the weights that are called so, an array for each of the stage's parts. */
  set(name: string, parts: readonly Float32Array[]): void;
  /** Arrays by the fields of the reply. */
  forward(input: StageInput, task: StagePass): Readonly<Record<string, Float32Array>>;
  /** Of slopes an array for each consumer. The loss is a sum over examples. */
  backward(
    input: StageInput,
    slopes: readonly Float32Array[],
    task: StagePass,
  ): { readonly loss: number; readonly fields: Readonly<Record<string, Float32Array>> };
  close(): void;
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
  /** Where to cut; of a graph with all that the trace tells. */
  partition(graph: LayerGraph, trace: Trace): Partition;
}

/** A network that was cut. */
export interface CutModel extends Omit<LaidOut, "files"> {
  readonly graph: LayerGraph;
  readonly trace: Trace;
  readonly partition: Partition;
  /** A stage's file, of each. */
  readonly files: readonly Uint8Array<ArrayBuffer>[];
}
