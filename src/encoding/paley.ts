import { z } from "zod";
import { define } from "../core/registry.ts";
import { type Fourier, fourier } from "../math/fourier.ts";
import { isPrime, quadraticCharacter } from "../math/number-theory.ts";
import type { Vector } from "../math/vector.ts";
import type { MixingCode } from "./encoding.ts";
import { aboutTwo } from "./equiangular.ts";
import { type ChunkShape, mixing } from "./mixing.ts";

/**
 * Paley equiangular tight frame: q + 1 stored rows for (q + 1)/2, q a prime with q = 1 mod 4, from
 * the eigenvectors of the conference matrix C, SS' = I + C/sqrt(q). Its columns are (1; 1/sqrt(q),
 * ...) and, for every pair {k, -k} of squares modulo q, 2/sqrt(q) cos(2 pi kj/q) and sin(2 pi kj/q)
 * under a zero: a real Fourier transform of length q encodes.
 */
export const paley = define({
  name: "paley",
  summary: "equiangular tight frame of redundancy exactly 2, by a real Fourier transform",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: Paley encoding",
  options: {
    redundancy: aboutTwo,
    chunk: z
      .int()
      .min(1)
      .max(4096)
      .default(64)
      .describe("data rows a chunk: the next (q+1)/2, q a prime with q = 1 mod 4; more if needed"),
  },
  examples: [{}, { chunk: 100 }],
  create: ({ chunk }) =>
    mixing({
      redundancy: 2,
      tight: true,
      refusal: () => null,
      full: (workers) => sizeFor(Math.max(chunk, workers)),
      storedRows: (rows, workers) => sizeFor(Math.max(rows, Math.ceil(workers / 2))).storedRows,
      encoder(shape, random) {
        const order = random.fork("columns").permutation(shape.storedRows / 2);
        return bySpectrum(order.subarray(0, shape.rows), shape);
      },
    }),
});

/** The smallest frame with at least this many columns. */
function sizeFor(columns: number): { rows: number; storedRows: number } {
  let q = Math.max(5, 2 * columns - 1);
  while (q % 4 !== 1 || !isPrime(q)) q++;
  return { rows: (q + 1) / 2, storedRows: q + 1 };
}

/** `order[row]` is the column that a data row is given. */
function bySpectrum(order: Uint32Array, { storedRows, scale }: ChunkShape): MixingCode["encode"] {
  const q = storedRows - 1;
  const { transform } = fourierOf(q);
  const places = placesOf(q);
  // Full columns have a square norm of 2; columns that were dropped leave c as it is.
  const unit = Math.sqrt(scale / 2);
  const factor = unit / Math.sqrt(q);
  let re = new Float64Array(0);
  let im = new Float64Array(0);
  return (values, columns, out) => {
    // The result is real: two columns are transformed at once, as real and imaginary part.
    const half = Math.ceil(columns / 2);
    if (re.length !== q * half) {
      re = new Float64Array(q * half);
      im = new Float64Array(q * half);
    }
    re.fill(0);
    im.fill(0);
    out.fill(0, 0, columns);
    for (const [row, column] of order.entries()) {
      const source = values.subarray(row * columns, (row + 1) * columns);
      if (column === 0) for (let j = 0; j < columns; j++) out[j] = source[j]! * unit;
      addToSpectrum(places[column]!, source, q, re, im);
    }
    transform(re, im, half);
    for (let i = 0; i < q; i++) {
      const from = i * half;
      const to = (i + 1) * columns;
      for (let j = 0; j < half; j++) out[to + j] = re[from + j]! * factor;
      for (let j = half; j < columns; j++) out[to + j] = im[from + j - half]! * factor;
    }
  };
}

/**
 * Adds one data row to the spectrum of what is stored, u + iv for its two halves: a cosine stands
 * at k and -k, a sine, being (exp(it) - exp(-it))/2i, with factors -i and i.
 */
function addToSpectrum(
  { frequency, isSine }: Place,
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

interface Place {
  readonly frequency: number;
  readonly isSine: boolean;
}

/** The columns in their order: the constant, then cosine and sine of every pair {k, -k}. */
function placesOf(q: number): Place[] {
  const places = [{ frequency: 0, isSine: false }];
  for (const [k, character] of quadraticCharacter(q)
    .subarray(0, (q + 1) / 2)
    .entries()) {
    if (character !== 1) continue;
    for (const isSine of [false, true]) places.push({ frequency: k, isSine });
  }
  return places;
}

let kept: Fourier = fourier(1);

/** Chunks of one data set have one length but for the last. */
function fourierOf(length: number): Fourier {
  if (kept.length !== length) kept = fourier(length);
  return kept;
}
