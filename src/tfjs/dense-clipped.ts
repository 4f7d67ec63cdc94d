import type { Matrix } from "../math/kernels/matrices.ts";
import type { Link } from "./dense-trainer.ts";

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
  const own = new Float64Array(units);
  const bias = from + inputs * units;
  for (let row = 0; row < factors.length; row++) {
    const factor = factors[row]!;
    if (factor === 0) continue;
    const at = slopes.at + row * slopes.rowStride;
    for (let i = 0; i < units; i++) own[i] = factor * floats[at + i]!;
    const before = seen.at + row * seen.rowStride;
    for (let j = 0; j < inputs; j++) {
      const value = floats[before + j]!;
      if (value === 0) continue;
      const to = from + j * units;
      for (let i = 0; i < units; i++) out[to + i]! += value * own[i]!;
    }
    if (hasBias) for (let i = 0; i < units; i++) out[bias + i]! += own[i]!;
  }
}

function squareAt(floats: Float32Array, at: number, length: number): number {
  let sum = 0;
  for (let i = at; i < at + length; i++) sum += floats[i]! * floats[i]!;
  return sum;
}
