import type { DoublePart } from "../math/slices/gradient-part.ts";
import type { TensorSpec } from "../math/vector.ts";

/** What an optimizer remembers between rounds: its own plain data, part of every checkpoint. */
export type Memory = object;

/**
 * How weights move: a searcher gives a direction whose step a second quorum chooses, a stepper
 * moves at once. Laws (tested over the registry): inputs are left alone; the same inputs give the
 * same bits; memory survives a checkpoint; a direction descends (its product with a non-zero
 * gradient is negative); with every slot present the bottom of a bowl is found, by methods with a
 * learning rate as that falls.
 */
export type Optimizer = Searcher | Stepper;

interface Common<Own extends Memory> {
  /** Needs the largest eigenvalue of X'X/n before the first round. */
  readonly needsCurvature: boolean;
  /** Takes proximal steps, so that objectives with |w|_1 are within its reach. */
  readonly proximal: boolean;
  start(): Own;
}

/** Asks a second quorum about the loss along its direction. */
export interface Searcher<Own extends Memory = Memory> extends Common<Own> {
  readonly searches: true;
  /** Takes in a curvature pair from slots that answered two rounds in a row. */
  remember(memory: Own, pair: CurvaturePair): Own;
  direction(memory: Own, gradient: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer>;
  /** The first guess of a step along the direction, where the loss is not quadratic. */
  guess(memory: Own, gradientNorm: number): number;
  /** The direction's length is that of a step already, so that the guess is a good one. */
  knowsScale(memory: Own): boolean;
  /** What part of the exact step along the estimate to take; `share` of stored rows replied. */
  backOff(share: number): number;
}

/** Moves the weights by the gradient alone. */
export interface Stepper<Own extends Memory = Memory> extends Common<Own> {
  readonly searches: false;
  /**
   * `smoothness` is L of the smooth part, `share` that of stored rows that replied, `round` counts
   * from 0, the first one where absent.
   */
  stepSize(facts: {
    readonly smoothness: number;
    readonly share: number;
    readonly round?: number;
  }): number;
  move(memory: Own, here: Standing): Moved<Own>;
  /**
   * Sums over weights, a list for each tensor, that a move needs of all weights where those are
   * moved in parts; absent where each weight moves by itself.
   */
  sums?(
    memory: Own,
    here: Pick<Standing, "gradient"> & { readonly tensors: readonly TensorSpec[] },
  ): readonly Float64Array[];
  /**
   * As `move` along a gradient that is told tensor by tensor, where what moves is what the gradient
   * tells of: the same bits, or with a lazy optimizer what that means by it. Null, or absent, where
   * rows without a gradient move too.
   */
  moveParts?(memory: Own, here: PartsStanding): PartsMoved<Own> | null;
  /** Why numbers without a gradient move all the same; absent where `moveParts` leaves them. */
  readonly movesAll?: "momentum" | "decay" | "whole";
  /** Rows without a gradient stay as they are, their moments too. */
  readonly lazy?: true;
  /** Takes the lowest point of least squares with X'X for its curvature, where that is known. */
  readonly takesGram?: true;
  /** What it learned about itself, by name; absent where it learns nothing. */
  learned?(memory: Own): Readonly<Record<string, number>>;
}

/** u = change of the weights, r = change of the gradient on the same rows. */
export interface CurvaturePair {
  readonly change: Float64Array<ArrayBuffer>;
  readonly response: Float64Array<ArrayBuffer>;
}

/** What a stepper moves from. */
export interface Standing {
  readonly weights: Float32Array<ArrayBuffer>;
  /** The point the gradient belongs to: the weights, or what the last move asked for. */
  readonly asked: Float32Array<ArrayBuffer>;
  /** Of the smooth part of the objective. */
  readonly gradient: Float64Array<ArrayBuffer>;
  readonly stepSize: number;
  /** The tensors that the weights are, one after another; one vector where absent. */
  readonly tensors?: readonly TensorSpec[] | undefined;
  /** Where these weights are a part of all: what `sums` of all tensors add up to. */
  readonly sums?: Float64Array<ArrayBuffer> | undefined;
  /** Where the objective is lowest, with X'X for its curvature; absent where that is not known. */
  readonly lowest?: Float64Array<ArrayBuffer>;
  /** The point's proximal map for the rest of the objective, in place: argmin |v - point|^2 / 2
   * + stepSize l1 |v|_1. The point itself where the objective is smooth. */
  shrink(point: Float64Array<ArrayBuffer>, stepSize: number): Float64Array<ArrayBuffer>;
}

export interface PartsStanding {
  readonly weights: Float32Array<ArrayBuffer>;
  /** One a tensor, merged. */
  readonly parts: readonly DoublePart[];
  readonly stepSize: number;
  readonly tensors: readonly TensorSpec[];
}

export interface PartsMoved<Own extends Memory = Memory> {
  readonly memory: Own;
  /** The new weights where the gradient told of any. */
  readonly parts: readonly DoublePart[];
}

export interface Moved<Own extends Memory = Memory> {
  readonly memory: Own;
  /** The proximal step from where the gradient was asked. */
  readonly weights: Float64Array<ArrayBuffer>;
  /** Where the next gradient is to be asked; null for at the weights. */
  readonly ask: Float64Array<ArrayBuffer> | null;
}
