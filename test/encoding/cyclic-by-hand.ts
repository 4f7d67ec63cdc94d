import { randomFrom } from "../../src/core/random.ts";
import { type CyclicCode, cyclicCode } from "../../src/encoding/cyclic-code.ts";
import { type DenseMatrix, matrix, row } from "../../src/testing/dense.ts";

/** The s highest frequencies; whole where m - s is odd, else half-way and under a half wave. */
export function frequencies(slots: number, stragglers: number): DenseMatrix {
  const waves = Array.from({ length: stragglers }, (_, i) => (slots - stragglers + 1) / 2 + i);
  const isWhole = Number.isInteger(waves[0]!);
  return matrix(stragglers, slots, (i, j) => {
    const at = (Math.PI * (2 * j - slots + 1)) / slots;
    // Above the middle a frequency is its mirror's, taken as the sine.
    const frequency = Math.min(waves[i]!, slots - waves[i]!);
    const isSine = 2 * frequency === slots ? slots % 2 === 0 : 2 * waves[i]! > slots;
    const wave = isSine ? Math.sin(frequency * at) : Math.cos(frequency * at);
    return isWhole ? wave : wave * Math.cos(at / 2);
  });
}

function drawn(slots: number, stragglers: number, draw: number): DenseMatrix {
  const random = randomFrom(`H/${draw}`);
  const h = matrix(stragglers, slots, () => random.normal());
  for (let i = 0; i < stragglers; i++)
    row(h, i)[slots - 1] = -row(h, i)
      .subarray(0, slots - 1)
      .reduce((a, b) => a + b, 0);
  return h;
}

/** A code made of a random H, for which only B is known. */
export function generic(slots: number, stragglers: number, draw: number): CyclicCode {
  const coefficients = rowsFrom(drawn(slots, stragglers, draw));
  return { ...cyclicCode(slots, stragglers), coefficients };
}

/** B by solving for each row, as `coefficients` has it. */
export function rowsFrom(h: DenseMatrix): Float64Array {
  const stragglers = h.rows;
  const coefficients = new Float64Array(h.columns * (stragglers + 1));
  for (let i = 0; i < h.columns; i++) {
    const held = matrix(stragglers, stragglers, (r, t) => row(h, r)[(i + 1 + t) % h.columns]!);
    const known = Float64Array.from({ length: stragglers }, (_, r) => -row(h, r)[i]!);
    coefficients[i * (stragglers + 1)] = 1;
    coefficients.set(eliminate(held, known), i * (stragglers + 1) + 1);
  }
  return coefficients;
}

/** Gauss and Jordan, with pivots. */
function eliminate(a: DenseMatrix, b: Float64Array): Float64Array {
  const rows = Array.from({ length: a.rows }, (_, i) => [...row(a, i), b[i]!]);
  for (const [column] of rows.entries()) {
    const below = rows.slice(column).sort((x, y) => Math.abs(y[column]!) - Math.abs(x[column]!));
    rows.splice(column, below.length, ...below);
    const pivot = rows[column]!;
    for (const [i, other] of rows.entries()) {
      if (i === column) continue;
      const factor = other[column]! / pivot[column]!;
      for (const [j, value] of pivot.entries()) other[j]! -= factor * value;
    }
  }
  return Float64Array.from(rows, (values, i) => values.at(-1)! / values[i]!);
}

/** B, slots by parts. */
export function dense({ slots, stragglers, coefficients }: CyclicCode): DenseMatrix {
  const b = matrix(slots, slots);
  for (let i = 0; i < slots; i++)
    for (let t = 0; t <= stragglers; t++)
      row(b, i)[(i + t) % slots] = coefficients[i * (stragglers + 1) + t]!;
  return b;
}
