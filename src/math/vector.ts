export type Vector = Float32Array | Float64Array;

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

export function norm(a: Vector): number {
  return Math.sqrt(dot(a, a));
}

/** `out` += factor * a. Returns `out`. */
export function addScaled<T extends Vector>(out: T, factor: number, a: Vector): T {
  for (let i = 0; i < out.length; i++) out[i]! += factor * a[i]!;
  return out;
}

export function scaled(factor: number, a: Vector): Float64Array<ArrayBuffer> {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = factor * a[i]!;
  return out;
}

export function difference(a: Vector, b: Vector): Float64Array<ArrayBuffer> {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i]! - b[i]!;
  return out;
}

export function isFiniteVector(a: Vector): boolean {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i]!)) return false;
  return true;
}

/**
 * What a part of this norm is multiplied by; 0 where it is not finite. The norm came of so
 * many terms, and counts as the most that it may be: rounding carries no part over the clip.
 */
export function clipFactor(length: number, terms: number, clip: number): number {
  if (!Number.isFinite(length)) return 0;
  const most = length * (1 + (terms + 8) * 2 ** -52);
  return most > clip ? clip / most : 1;
}

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

const lengthMax = 4_096;

/**
 * Arrays to work in, short ones the same again for the same length: what is in them lasts until the
 * next call only, and is anything at first.
 */
export function scratchArray(): (length: number) => Float64Array<ArrayBuffer> {
  const kept: (Float64Array<ArrayBuffer> | undefined)[] = [];
  return (length) => {
    if (length > lengthMax) return new Float64Array(length);
    const existing = kept[length];
    if (existing !== undefined) return existing;
    const fresh = new Float64Array(length);
    kept[length] = fresh;
    return fresh;
  };
}

/** A named part of the weights, row-major. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * Not trained but observed (moving averages of batch normalisation): its part of the gradient is
   * its value less what the rows showed, once a row, so a step of 1 on the mean replaces it.
   */
  readonly observed?: true;
}

/** A named part of the weights, row-major; [inputs, outputs] for the matrix of a dense layer. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}
