import { addTransposedResident, multiplyResident } from "./kernels/passes.ts";
import type { Rows } from "./rows.ts";

/**
 * `out` = X w: one number a row, sums in double precision. `out` is overwritten and returned. Many
 * rows that live in a kernel's memory are multiplied there (kernels/passes.ts tells how exactly).
 */
export function multiply(
  x: Rows,
  w: Float32Array | Float64Array,
  out: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  if (multiplyResident(x, w, out) !== null) return out;
  if (x.kind === "sparse") {
    for (let i = 0; i < x.rows; i++) {
      let sum = 0;
      const end = x.offsets[i + 1]!;
      for (let at = x.offsets[i]!; at < end; at++) sum += x.values[at]! * w[x.indices[at]!]!;
      out[i] = sum;
    }
    return out;
  }
  const { rows, columns, values } = x;
  for (let i = 0; i < rows; i++) {
    const row = i * columns;
    // Four partial sums: additions do not wait for one another.
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let j = 0;
    for (; j + 3 < columns; j += 4) {
      a += values[row + j]! * w[j]!;
      b += values[row + j + 1]! * w[j + 1]!;
      c += values[row + j + 2]! * w[j + 2]!;
      d += values[row + j + 3]! * w[j + 3]!;
    }
    for (; j < columns; j++) a += values[row + j]! * w[j]!;
    out[i] = a + b + (c + d);
  }
  return out;
}

/** `out` += X' r: one number a column, sums in double precision and row order. Returns `out`. */
export function addTransposed(
  x: Rows,
  r: Float64Array,
  out: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  if (addTransposedResident(x, r, out) !== null) return out;
  if (x.kind === "sparse") {
    for (let i = 0; i < x.rows; i++) {
      const factor = r[i]!;
      if (factor === 0) continue;
      const end = x.offsets[i + 1]!;
      for (let at = x.offsets[i]!; at < end; at++) out[x.indices[at]!]! += x.values[at]! * factor;
    }
    return out;
  }
  const { rows, columns, values } = x;
  for (let i = 0; i < rows; i++) {
    const factor = r[i]!;
    if (factor === 0) continue;
    const row = i * columns;
    for (let j = 0; j < columns; j++) out[j]! += values[row + j]! * factor;
  }
  return out;
}
