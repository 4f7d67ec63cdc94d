import type * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Random } from "../core/random.ts";
import type { StageProgram } from "../model-parallel/stage-program.ts";
import type { Tensor } from "../wire/safetensors.ts";

import type { Tape } from "./tape.ts";
export interface StageForward {
  readonly exports: Readonly<Record<string, Tensor>>;
  /** By their index among the model's outputs. */
  readonly outputs: ReadonlyMap<number, Tensor>;
  readonly observed: readonly Observation[];
  /** Only where it was asked for: what the backward pass needs, once, in this process. */
  readonly stash: Stash | null;
}

/** What batch normalisation saw of a microbatch, to be averaged by whoever keeps the weights. */
export interface Observation {
  readonly node: string;
  readonly weight: string;
  readonly values: Float32Array;
}

export interface Stash {
  readonly tape: Tape<ForwardPass>;
  readonly dispose: () => void;
}

/** The loss of the outputs made here, and its slopes; summed over examples, not averaged. */
export type StageLoss = (outputs: ReadonlyMap<number, Tensor>) => {
  readonly loss: number;
  readonly slopes: ReadonlyMap<number, Float32Array>;
};

export interface StageSlopes {
  readonly loss: number;
  /** By import, zeros where nothing here depends on it; absent where it is no number. */
  readonly imports: Readonly<Record<string, Tensor>>;
  /** Of each weight at each use: a shared one has several. */
  readonly weights: readonly {
    readonly node: string;
    readonly weight: string;
    readonly slopes: Float32Array;
  }[];
  /** What the forward pass that this goes back through has seen. */
  readonly observed: readonly Observation[];
}

export type Layer = LayersModel["layers"][number];

export type LayerWeight = Layer["weights"][number];

/** What a stage reads of rows, one after another: by the tensors of its imports. */
export type RowInputs = (
  values: Float32Array,
  examples: number,
  own: StageProgram["imports"],
  targets: Float32Array,
) => Readonly<Record<string, Tensor>>;

/** A stage's layers as they are computed. */
export interface StageModel {
  readonly program: StageProgram;
  readonly random: Random;
  readonly layer: (module: string) => Layer;
  readonly keyOf: (weight: LayerWeight) => string;
  readonly observing: ReadonlySet<LayerWeight>;
}

/** A stage's forward pass on the tape: what it was differentiated by, and what it made. */
export interface ForwardPass {
  /** Imports that can be moved. */
  readonly imports: readonly { readonly key: string; readonly variable: tf.Variable }[];
  /** Each weight at each use: another variable of the same memory. */
  readonly weights: readonly UsedWeight[];
  /** By the key under which slopes come back. */
  readonly exports: Readonly<Record<string, { tensor: string; value: tf.Tensor }>>;
  readonly outputs: readonly { readonly index: number; readonly value: tf.Tensor }[];
  readonly observed: readonly Observation[];
  /** The layers' own penalties, once. */
  readonly penalties: (stage: StageModel) => readonly tf.Scalar[];
}

export interface UsedWeight {
  readonly node: string;
  readonly weight: string;
  readonly owner: LayerWeight;
  readonly variable: tf.Variable;
}
