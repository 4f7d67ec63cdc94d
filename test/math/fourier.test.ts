import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { fourier } from "../../src/math/fourier.ts";

/** Powers of two by radix 2; primes, squares of primes and even numbers by Bluestein. */
const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 25, 31, 60, 64, 113, 128, 137, 257];

describe.each(lengths)("a Fourier transform of length %i", (length) => {
  const random = randomFrom(length);

  test.each([1, 3])("is the sum over k of z_k exp(2 pi i jk / n), for %i columns", (columns) => {
    const re = Float64Array.from({ length: length * columns }, () => random.normal());
    const im = Float64Array.from({ length: length * columns }, () => random.normal());
    const [x, y] = byHand(re, im, length, columns);
    fourier(length).transform(re, im, columns);
    for (let i = 0; i < re.length; i++) {
      expect(Math.abs(re[i]! - x[i]!)).toBeLessThan(1e-14 * length);
      expect(Math.abs(im[i]! - y[i]!)).toBeLessThan(1e-14 * length);
    }
  });

  test("is used again, for fewer columns and with nothing left of before", () => {
    const plan = fourier(length);
    plan.transform(new Float64Array(length * 3).fill(7), new Float64Array(length * 3), 3);
    const re = Float64Array.from({ length }, () => random.normal());
    const [first, again] = [plan, fourier(length)].map(({ transform }) => {
      const copy = re.slice();
      transform(copy, new Float64Array(length), 1);
      return copy;
    });
    expect(first).toEqual(again);
  });
});

function byHand(
  re: Float64Array,
  im: Float64Array,
  length: number,
  columns: number,
): [Float64Array, Float64Array] {
  const x = new Float64Array(re.length);
  const y = new Float64Array(re.length);
  for (let j = 0; j < length; j++) {
    for (let k = 0; k < length; k++) {
      const angle = (2 * Math.PI * ((j * k) % length)) / length;
      for (let c = 0; c < columns; c++) {
        const [a, b] = [re[k * columns + c]!, im[k * columns + c]!];
        x[j * columns + c]! += a * Math.cos(angle) - b * Math.sin(angle);
        y[j * columns + c]! += a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
  }
  return [x, y];
}
