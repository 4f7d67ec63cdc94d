import type { Mixture } from "./rows.ts";

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
