import type { Random } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import type { PresentRows } from "../math/slices/present.ts";
import type { SlicedGradient, SlicedWalk } from "../math/slices/sliced-gradient.ts";
import type { BackendChoice } from "./backend.ts";
import type { RowBatch } from "./batches.ts";
/**
 * The sum of losses over rows at a network's outputs, a row's after another's; `slopes`, as long,
 * is overwritten with its derivative. `inputs` are the rows themselves; `rowWeights` say what each
 * row counts, where that is not 1.
 */
export type OutputLoss = (
  outputs: Float32Array,
  targets: Float32Array,
  inputs: Float32Array,
  slopes?: Float32Array,
  rowWeights?: Float32Array,
) => number;

/** The gradient at the variables' weights over some examples. */
export type GradientHere = (
  examples: Examples,
  random: Random,
  told: "merged" | "inPlace",
) => SlicedGradient;

export interface EngineOptions {
  readonly backend: BackendChoice;
  readonly engine: "auto" | "tfjs";
  readonly loss: OutputLoss;
  /** A softmax or sigmoid at the end is left to the loss. */
  readonly takesLink: boolean;
}

/** Gradients tensor by tensor over parts of rows; `seeded` gives a pass the same draws again. */
export interface SlicedGradients<Part> {
  /** `told` says whether merged rows may stay where the backend has them. */
  sum(parts: Iterable<Part>, seeded: SeededPass<Part>, told: "merged" | "inPlace"): SlicedGradient;
  gather(parts: Iterable<Part>, seeded: SeededPass<Part>): SlicedGradient;
}

export type SeededPass<Part> = <T>(part: Part, work: () => T) => T;

/** What computes one portion of rows at weights that were set. */
export interface Trainer {
  readonly weightsLength: number;
  /** Numbers that come out for a row. */
  readonly width: number;
  /** Tells tables' gradients by their rows; null where the network has no table. */
  readonly sliced: SlicedGradients<RowBatch> | null;
  initial(random: Random): Float32Array<ArrayBuffer>;
  /** Steps from weights that were set; null where they are taken elsewhere. */
  openWalk?(weights: Float32Array, gradientHere: GradientHere): SlicedWalk | null;
  /** With `moved`, only these rows are others than at the last call. */
  set(weights: Float32Array, moved?: PresentRows): void;
  addGradient(part: RowBatch, gradient: Float64Array, random: Random): number;
  /** Adds each row's gradient, clipped; see `Engine`. */
  addClipped(part: RowBatch, clip: number, clipped: Float64Array, random: Random): void;
  outputs(part: RowBatch): Float32Array;
  penalty(): number;
}
