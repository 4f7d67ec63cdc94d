import { addTransposedInBlocks, multiplyInBlocks } from "./kernels/double-products.ts";
import { addTransposedResident, multiplyResident } from "./kernels/passes.ts";
import type { Mixture, Rows } from "./rows.ts";

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
  if (multiplyInBlocks(x, w, out) !== null) return out;
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
  if (addTransposedInBlocks(x, r, out) !== null) return out;
  const { rows, columns, values } = x;
  for (let i = 0; i < rows; i++) {
    const factor = r[i]!;
    if (factor === 0) continue;
    const row = i * columns;
    for (let j = 0; j < columns; j++) out[j]! += values[row + j]! * factor;
  }
  return out;
}

/**
 * `out` = the sum of `factors[i]` times row i of the row-major `values`, over as many rows as there
 * are factors, from the row that begins at `from`; `out` has a row's length. Sums are in double
 * precision, in row order by fours: `out` is read and written once for four rows.
 */
export function combineRows(
  factors: Float64Array,
  values: Float64Array,
  from: number,
  out: Float64Array,
): Float64Array {
  const columns = out.length;
  out.fill(0);
  let row = 0;
  let a = from;
  for (; row + 3 < factors.length; row += 4) {
    const fa = factors[row]!;
    const fb = factors[row + 1]!;
    const fc = factors[row + 2]!;
    const fd = factors[row + 3]!;
    const b = a + columns;
    const c = b + columns;
    const d = c + columns;
    for (let j = 0; j < columns; j++) {
      const sum = fa * values[a + j]! + fb * values[b + j]!;
      out[j]! += sum + (fc * values[c + j]! + fd * values[d + j]!);
    }
    a = d + columns;
  }
  for (; row < factors.length; row++) {
    const factor = factors[row]!;
    for (let j = 0; j < columns; j++) out[j]! += factor * values[a + j]!;
    a += columns;
  }
  return out;
}

/** `out` = S v: one number a row of S, sums in double precision. `out` is overwritten, returned. */
export function mix(
  { rows, factors, sources, offsets }: Mixture,
  values: Float64Array,
  out: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    const end = offsets[i + 1]!;
    for (let at = offsets[i]!; at < end; at++) sum += factors[at]! * values[sources[at]!]!;
    out[i] = sum;
  }
  return out;
}

/** `out` += S' r, in row order. Returns `out`. */
export function addUnmixed(
  { rows, factors, sources, offsets }: Mixture,
  r: Float64Array,
  out: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  for (let i = 0; i < rows; i++) {
    const factor = r[i]!;
    if (factor === 0) continue;
    const end = offsets[i + 1]!;
    for (let at = offsets[i]!; at < end; at++) out[sources[at]!]! += factors[at]! * factor;
  }
  return out;
}
