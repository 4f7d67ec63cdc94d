import type { ParameterSpec } from "../math/vector.ts";
import type { TensorShare } from "../ports/model-ref.ts";
import type { ObjectRef } from "../ports/object-ref.ts";
import type { StageProgram } from "./stage-program.ts";

/** A model that was cut into stages, as an orchestrator needs to know it: plain data. */
export interface PipelineLayout {
  readonly stages: readonly StageLayout[];
  readonly parts: readonly PartLayout[];
  /** Workers of one pipeline, where there are more than its stages name. */
  readonly workers?: number;
}

export interface StageLayout {
  /** Where it runs; a worker may have several stages. */
  readonly worker: number;
  /** Ids of its uses, in the canonical order. */
  readonly layers: readonly string[];
  /** Of the stage's file in the store. */
  readonly file: { readonly key: string; readonly sha256: string };
  /** What it reads of earlier stages: fields of their forward replies. */
  readonly imports: readonly { readonly stage: number; readonly field: string }[];
  /** Fields of its forward reply; without any its backward task does the whole stage. */
  readonly exports: readonly string[];
  /** Stages that it reads of, to each of which its backward reply has a field of slopes. */
  readonly producers: readonly number[];
  /** Stages that give it slopes of what it exports. */
  readonly consumers: readonly number[];
  /** Parts of the weights that it computes with. */
  readonly parts: readonly number[];
  /** It reads rows or their targets. */
  readonly takesRows: boolean;
  /** The model's first output is made here; absent in layouts of before that was told. */
  readonly makesOutput?: boolean;
  /** How long arrays are; absent in layouts of before that was told. */
  readonly lengths?: ArrayLengths;
}

/** Of what a stage's replies hold. */
export interface ArrayLengths {
  /** An example each, in the order of `exports`. */
  readonly exports: readonly number[];
  /** An example each, in the order of `producers`. */
  readonly slopes: readonly number[];
  /** In the order of `parts`. */
  readonly gradients: readonly number[];
}

/** Weights that the same stages use: one object of the store, updated by one task. */
export interface PartLayout {
  /** Where it is updated: the first of `stages`. */
  readonly owner: number;
  readonly stages: readonly number[];
  /** Its tensors, one after another; `index` is the tensor's place in the whole model. */
  readonly tensors: readonly PartTensor[];
  /** What each stage's backward reply tells of it, in the order of `stages`. */
  readonly uses: readonly PartUses[];
}

export interface PartTensor extends ParameterSpec {
  readonly index: number;
  /** Of a tensor that several workers share: which share of it this is; `shape` is the share's. */
  readonly share?: TensorShare;
}

/** The slopes that a stage tells of a part: of one tensor at one use, one after another. */
export interface PartUses {
  /** Places among the part's tensors. */
  readonly tensors: readonly number[];
  /** Positions of the uses in the canonical order. */
  readonly positions: readonly number[];
}

/** What a worker computes a stage by: its file in the store, but for the weights that stand. */
export interface StageFile {
  readonly program: StageProgram;
  /** In the order of `StageLayout.parts`: keys of the stage's weights, in the part's order. */
  readonly parts: readonly (readonly NamedShape[])[];
  /** In the order of `StageLayout.imports`. */
  readonly imports: readonly (readonly NamedShape[])[];
  readonly exports: readonly FieldTensors[];
  /** Slopes of imports, by their keys; in the order of `StageLayout.producers`. */
  readonly slopesOut: readonly FieldTensors[];
  /** Slopes of exports, by their keys; in the order of `StageLayout.consumers`. */
  readonly slopesIn: readonly (readonly NamedShape[])[];
  readonly gradients: readonly GradientField[];
  /**
   * How long the first axis of each example's tensors is here, of which a microbatch may have
   * fewer; absent where they have the shapes that stand here.
   */
  readonly positions?: number;
}

/** Of one example, without the axis of examples; of a weight the whole shape. */
export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Tensors that travel as one array, one after another. */
export interface FieldTensors {
  readonly field: string;
  readonly tensors: readonly NamedShape[];
}

/** Slopes of a part's tensors at the stage's uses, one after another. */
export interface GradientField {
  readonly field: string;
  readonly uses: readonly { readonly node: string; readonly weight: string }[];
}

/** A part at the beginning: where its weights are, and the digest of each tensor. */
export interface PartStart {
  readonly weights: ObjectRef;
  readonly digests: readonly string[];
}

export const slopesField = (producer: number) => `slopes-${producer}`;
export const gradientField = (part: number) => `gradient-${part}`;
