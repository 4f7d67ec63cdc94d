/**
 * Scales a vector down to the norm, in place, unless it is that short already, and returns it.
 * Whatever is not finite counts as zero: a record must not show by breaking the sum.
 */
export function clipToNorm<V extends Float32Array | Float64Array>(values: V, norm: number): V {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) values[i] = 0;
    largest = Math.max(largest, Math.abs(values[i]!));
  }
  if (largest === 0) return values;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! / largest) ** 2;
  const length = largest * Math.sqrt(squares);
  if (length <= norm) return values;
  // A little less, so that rounding cannot carry the result over the norm.
  const roundoff = values instanceof Float32Array ? 2 ** -22 : 2 ** -48;
  const scale = (norm / largest / Math.sqrt(squares)) * (1 - roundoff);
  for (let i = 0; i < values.length; i++) values[i] = values[i]! * scale;
  return values;
}
