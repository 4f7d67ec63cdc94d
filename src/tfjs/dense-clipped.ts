import type { Matrix } from "../math/kernels/matrices.ts";
import { addOuterSums } from "../math/kernels/outer-sums.ts";
import type { DenseLink } from "./dense-chain.ts";

/**
 * Adds to each row the square of its gradient in a dense layer, which is not formed: it is what the
 * row brought in times its slopes, so that its square is |in|^2 |slopes|^2, and |slopes|^2 for the
 * bias (Goodfellow, 2015).
 */
export function addSquares(
  floats: Float32Array,
  { slopes, inputs, units, hasBias }: Link,
  seen: Matrix,
  squares: Float64Array,
): void {
  for (let row = 0; row < squares.length; row++) {
    const own = squareAt(floats, seen.at + row * seen.rowStride, inputs);
    const back = squareAt(floats, slopes.at + row * slopes.rowStride, units);
    squares[row]! += back * (own + (hasBias ? 1 : 0));
  }
}

/**
 * Adds the layer's gradient, every row's times its factor, to the flat one: in doubles, whose
 * rounding over all rows is far below a clip, where that of floats would not be.
 */
export function addOuter(
  floats: Float32Array,
  { slopes, inputs, units, hasBias, from }: Link,
  seen: Matrix,
  factors: Float64Array,
  out: Float64Array,
): void {
  const scaled = scaledSlopes(floats, slopes, units, factors);
  addOuterSums({ floats, seen, inputs, factors }, scaled, units, out, from);
  if (!hasBias) return;
  const bias = from + inputs * units;
  for (let at = 0; at < scaled.length; at += units)
    for (let i = 0; i < units; i++) out[bias + i]! += scaled[at + i]!;
}

/** Every row's slopes times its factor; zeros where that is 0, whatever the slopes are. */
function scaledSlopes(
  floats: Float32Array,
  slopes: Matrix,
  units: number,
  factors: Float64Array,
): Float64Array {
  const scaled = new Float64Array(factors.length * units);
  for (let row = 0; row < factors.length; row++) {
    const factor = factors[row]!;
    if (factor === 0) continue;
    const at = slopes.at + row * slopes.rowStride;
    for (let i = 0; i < units; i++) scaled[row * units + i] = factor * floats[at + i]!;
  }
  return scaled;
}

function squareAt(floats: Float32Array, at: number, length: number): number {
  let sum = 0;
  for (let i = at; i < at + length; i++) sum += floats[i]! * floats[i]!;
  return sum;
}

/** One layer's places in the memory. */
export interface Link extends DenseLink {
  readonly weights: Matrix;
  readonly biasAt: number;
  /** What comes out of it, a row a row of data. */
  readonly out: Matrix;
  /** The loss's slopes in that, then in what came before the activation. */
  readonly slopes: Matrix;
  /** The weights' gradient. */
  readonly gradient: Matrix;
  /** Where its weights begin within the flat ones. */
  readonly from: number;
}
