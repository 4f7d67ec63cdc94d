/** What an optimizer remembers between rounds: plain data, part of every checkpoint. */
export interface Memory {
  readonly pairs: readonly CurvaturePair[];
}

/** u = change of the weights, r = change of the gradient on the same rows. */
export interface CurvaturePair {
  readonly change: Float64Array<ArrayBuffer>;
  readonly response: Float64Array<ArrayBuffer>;
}

/**
 * Where to go from a gradient. Laws (tested over the registry): inputs are left alone; the
 * direction descends (its product with a non-zero gradient is negative); the same memory and
 * gradient give the same bits; memory survives a checkpoint.
 */
export interface Optimizer {
  /** Asks for a second quorum that measures the loss along the direction. */
  readonly searches: boolean;
  /** Wants a curvature pair from the slots that answered two rounds in a row. */
  readonly wantsPairs: boolean;
  /** Needs the largest eigenvalue of X'X/n before the first round. */
  readonly needsCurvature: boolean;
  start(): Memory;
  remember(memory: Memory, pair: CurvaturePair): Memory;
  direction(memory: Memory, gradient: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer>;
  /** Without a search: the step. `smoothness` is L, `share` that of stored rows that replied. */
  step(facts: { readonly smoothness: number; readonly share: number }): number;
  /** With a search: what part of the exact step along the estimate to take. */
  backOff(share: number): number;
}
