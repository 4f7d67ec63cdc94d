import { powerOfTwoAtLeast } from "./transforms.ts";

/** A discrete Fourier transform of one length, its tables made once. */
export interface Fourier {
  readonly length: number;
  /**
   * Down the columns of the row-major `length` by `columns` matrix z = `re` + i `im`, in place:
   * z_j becomes the sum over k of z_k exp(2 pi i jk / length), unnormalised.
   */
  transform(re: Float64Array, im: Float64Array, columns: number): void;
}

/** Any length: radix 2 for powers of two, Bluestein's chirp convolution for all others. */
export function fourier(length: number): Fourier {
  return length === powerOfTwoAtLeast(length) ? radixTwo(length) : bluestein(length);
}

function radixTwo(length: number): Fourier {
  const cos = Float64Array.from({ length: length / 2 }, (_, k) => cosine(k, length));
  const sin = Float64Array.from({ length: length / 2 }, (_, k) => sine(k, length));
  const mirrored = bitReversal(length);
  return {
    length,
    transform(re, im, columns) {
      for (let i = 0; i < length; i++) {
        if (mirrored[i]! <= i) continue;
        swapRows(re, i, mirrored[i]!, columns);
        swapRows(im, i, mirrored[i]!, columns);
      }
      for (let half = 1; half < length; half *= 2) {
        const stride = length / (2 * half);
        // From top to bottom, as the numbers lie in memory.
        for (let top = 0; top < length; top += 2 * half)
          for (let offset = 0; offset < half; offset++) {
            const c = cos[offset * stride]!;
            const s = sin[offset * stride]!;
            const at = (top + offset) * columns;
            butterfly(re, im, at, at + half * columns, columns, c, s);
          }
      }
    },
  };
}

/** Rows z_a, z_b become z_a + (c + i s) z_b and z_a - (c + i s) z_b. */
function butterfly(
  re: Float64Array,
  im: Float64Array,
  a: number,
  b: number,
  columns: number,
  c: number,
  s: number,
): void {
  for (let j = 0; j < columns; j++) {
    const x = re[b + j]! * c - im[b + j]! * s;
    const y = re[b + j]! * s + im[b + j]! * c;
    const u = re[a + j]!;
    const v = im[a + j]!;
    re[a + j] = u + x;
    im[a + j] = v + y;
    re[b + j] = u - x;
    im[b + j] = v - y;
  }
}

/**
 * exp(2 pi i jk / n) = w_j w_k / w_(j-k) with w_k = exp(i pi k^2 / n), so the transform is a
 * convolution with 1/w, between two multiplications by w.
 */
function bluestein(length: number): Fourier {
  const size = powerOfTwoAtLeast(2 * length - 1);
  const inner = radixTwo(size);
  // k^2 is taken modulo 2n first: large angles would lose digits.
  const cos = Float64Array.from({ length }, (_, k) => cosine((k * k) % (2 * length), 2 * length));
  const sin = Float64Array.from({ length }, (_, k) => sine((k * k) % (2 * length), 2 * length));
  const kernelRe = new Float64Array(size);
  const kernelIm = new Float64Array(size);
  for (let k = 0; k < length; k++) {
    for (const at of [k, (size - k) % size]) {
      kernelRe[at] = cos[k]! / size;
      kernelIm[at] = -sin[k]! / size;
    }
  }
  inner.transform(kernelRe, kernelIm, 1);
  let workRe = new Float64Array(0);
  let workIm = new Float64Array(0);
  return {
    length,
    transform(re, im, columns) {
      const used = size * columns;
      if (workRe.length < used) {
        workRe = new Float64Array(used);
        workIm = new Float64Array(used);
      }
      workRe.fill(0, length * columns, used);
      workIm.fill(0, length * columns, used);
      multiplyRows(re, im, cos, sin, workRe, workIm, columns);
      inner.transform(workRe, workIm, columns);
      multiplyRows(workRe, workIm, kernelRe, kernelIm, workRe, workIm, columns);
      // With the two parts exchanged the same transform is the inverse one.
      inner.transform(workIm, workRe, columns);
      multiplyRows(workRe, workIm, cos, sin, re, im, columns);
    },
  };
}

/** Row k of `out` = z_k (cos_k + i sin_k), for as many rows as there are factors. */
function multiplyRows(
  re: Float64Array,
  im: Float64Array,
  cos: Float64Array,
  sin: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
  columns: number,
): void {
  for (let k = 0; k < cos.length; k++) {
    const c = cos[k]!;
    const s = sin[k]!;
    const end = (k + 1) * columns;
    for (let at = k * columns; at < end; at++) {
      const x = re[at]!;
      const y = im[at]!;
      outRe[at] = x * c - y * s;
      outIm[at] = x * s + y * c;
    }
  }
}

/** cos(2 pi k / n). */
function cosine(k: number, n: number): number {
  return Math.cos((2 * Math.PI * k) / n);
}

/** sin(2 pi k / n). */
function sine(k: number, n: number): number {
  return Math.sin((2 * Math.PI * k) / n);
}

function bitReversal(length: number): Uint32Array {
  const mirrored = new Uint32Array(length);
  for (let i = 1; i < length; i++) mirrored[i] = (mirrored[i >> 1]! + (i & 1) * length) >> 1;
  return mirrored;
}

function swapRows(values: Float64Array, a: number, b: number, columns: number): void {
  for (let j = 0; j < columns; j++) {
    const kept = values[a * columns + j]!;
    values[a * columns + j] = values[b * columns + j]!;
    values[b * columns + j] = kept;
  }
}
