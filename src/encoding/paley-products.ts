import { type Fourier, fourier } from "../math/fourier.ts";
import { quadraticCharacter } from "../math/hadamard-matrix.ts";
import { combineRows } from "../math/products.ts";
import type { Vector } from "../math/vector.ts";
import type { MixingCode } from "./encoding.ts";
import { workspace } from "./mixing.ts";

/** A column of the frame: the constant at frequency 0, else a cosine or a sine. */
export interface PaleyColumn {
  readonly frequency: number;
  readonly isSine: boolean;
}

/** The constant, then cosine and sine of every pair {k, -k} of squares modulo q. */
export function paleyColumns(q: number): PaleyColumn[] {
  const columns = [{ frequency: 0, isSine: false }];
  for (const [k, character] of quadraticCharacter(q)
    .subarray(0, (q + 1) / 2)
    .entries()) {
    if (character !== 1) continue;
    for (const isSine of [false, true]) columns.push({ frequency: k, isSine });
  }
  return columns;
}

/** The product with S as it is written: data row i stands at column `used[i]`. */
export function byProduct(used: readonly PaleyColumn[], q: number): MixingCode["encode"] {
  const size = 1 / Math.sqrt(q);
  const rows = [...used.keys()];
  const cosines = rows.filter((row) => !used[row]!.isSine);
  const sines = rows.filter((row) => used[row]!.isSine);
  const cos = Float64Array.from({ length: q }, (_, k) => 2 * Math.cos((2 * Math.PI * k) / q));
  const sin = Float64Array.from({ length: q }, (_, k) => 2 * Math.sin((2 * Math.PI * k) / q));
  const evenFactors = new Float64Array(cosines.length);
  const oddFactors = new Float64Array(sines.length);
  return (values, columns, out) => {
    const sorted = workspace(used.length * columns);
    for (const [to, row] of [...cosines, ...sines].entries())
      sorted.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
    const even = new Float64Array(columns);
    const odd = new Float64Array(columns);
    writeFirstRow(used, values, columns, out);
    // Cosines are the same at j and q - j, sines opposite.
    for (let j = 0; j <= (q - 1) / 2; j++) {
      for (let i = 0; i < cosines.length; i++) {
        const { frequency } = used[cosines[i]!]!;
        evenFactors[i] = frequency === 0 ? 1 : cos[(frequency * j) % q]!;
      }
      for (let i = 0; i < sines.length; i++)
        oddFactors[i] = sin[(used[sines[i]!]!.frequency * j) % q]!;
      combineRows(evenFactors, sorted, 0, even);
      combineRows(oddFactors, sorted, cosines.length * columns, odd);
      const upper = (j + 1) * columns;
      const lower = (q - j + 1) * columns;
      for (let c = 0; c < columns; c++) out[upper + c] = (even[c]! + odd[c]!) * size;
      if (j > 0) for (let c = 0; c < columns; c++) out[lower + c] = (even[c]! - odd[c]!) * size;
    }
  };
}

/** The same by one transform of length q; the result is real, so it takes columns two by two. */
export function byFourier(used: readonly PaleyColumn[], q: number): MixingCode["encode"] {
  const { transform } = fourierOf(q);
  const size = 1 / Math.sqrt(q);
  return (values, columns, out) => {
    const half = Math.ceil(columns / 2);
    const re = new Float64Array(q * half);
    const im = new Float64Array(q * half);
    writeFirstRow(used, values, columns, out);
    for (const [row, column] of used.entries())
      addToSpectrum(column, values.subarray(row * columns, (row + 1) * columns), q, re, im);
    transform(re, im, half);
    for (let i = 0; i < q; i++) {
      const from = i * half;
      const to = (i + 1) * columns;
      for (let c = 0; c < half; c++) out[to + c] = re[from + c]! * size;
      for (let c = half; c < columns; c++) out[to + c] = im[from + c - half]! * size;
    }
  };
}

/** The first stored row sees the constant column only. */
function writeFirstRow(
  used: readonly PaleyColumn[],
  values: Vector,
  columns: number,
  out: Vector,
): void {
  out.fill(0, 0, columns);
  const from = used.findIndex(({ frequency }) => frequency === 0) * columns;
  if (from >= 0) for (let c = 0; c < columns; c++) out[c] = values[from + c]!;
}

/**
 * Adds one data row to the spectrum of what is stored, u + iv for its two halves: a cosine stands
 * at k and -k, a sine, being (exp(it) - exp(-it))/2i, with factors -i and i.
 */
function addToSpectrum(
  { frequency, isSine }: PaleyColumn,
  source: Vector,
  q: number,
  re: Float64Array,
  im: Float64Array,
): void {
  const half = Math.ceil(source.length / 2);
  const at = frequency * half;
  const mirrored = (q - frequency) * half;
  for (let j = 0; j < half; j++) {
    const u = source[j]!;
    const v = half + j < source.length ? source[half + j]! : 0;
    re[at + j]! += isSine ? v : u;
    im[at + j]! += isSine ? -u : v;
    if (frequency === 0) continue;
    re[mirrored + j]! += isSine ? -v : u;
    im[mirrored + j]! += isSine ? u : v;
  }
}

let kept: Fourier = fourier(1);

/** Chunks of one data set have one length but for the last. */
function fourierOf(length: number): Fourier {
  if (kept.length !== length) kept = fourier(length);
  return kept;
}
