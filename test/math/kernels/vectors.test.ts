import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { largestMagnitudes, packLevels, unpackLevels } from "../../../src/math/kernels/vectors.ts";
import { normals } from "./by-hand.ts";

/** Few values, so that many are equal; those at the ends of what float32 has. */
const entry = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2, -2, 0.5, 2 ** -149, 2 ** 127, -Infinity, Infinity, Number.NaN),
  fc.float(),
);
const vector = fc.array(entry, { maxLength: 60 }).map((given) => Float32Array.from(given));

describe("the entries of greatest magnitude", () => {
  test("are those that sorting finds, of equals the first", () => {
    fc.assert(
      fc.property(vector, fc.nat(), (values, seed) => {
        const count = seed % (values.length + 1);
        const rank = (i: number) => (Number.isNaN(values[i]!) ? Infinity : Math.abs(values[i]!));
        const nan = (i: number) => Number(Number.isNaN(values[i]!));
        const sorted = [...values.keys()].sort(
          (a, b) => nan(b) - nan(a) || (rank(a) === rank(b) ? a - b : rank(b) - rank(a)),
        );
        const known = sorted.slice(0, count).sort((a, b) => a - b);
        expect([...largestMagnitudes(values, count)]).toEqual(known);
      }),
      { numRuns: 300 },
    );
  });

  test("of a long vector", () => {
    const values = normals(100_003, randomFrom("long"));
    const found = largestMagnitudes(values, 1000);
    const magnitudes = values.map(Math.abs).sort();
    const least = magnitudes[values.length - 1000]!;
    expect(found).toHaveLength(1000);
    for (const i of found) expect(Math.abs(values[i]!)).toBeGreaterThanOrEqual(least);
    expect(new Set(found).size).toBe(1000);
  });

  test("a vector of equals gives the first ones; none are none", () => {
    expect([...largestMagnitudes(new Float32Array(9).fill(-3), 4)]).toEqual([0, 1, 2, 3]);
    expect(largestMagnitudes(new Float32Array(3), 0)).toHaveLength(0);
  });
});

describe("levels", () => {
  const finite = fc
    .array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { maxLength: 70 })
    .map((given) => Float32Array.from(given));

  test("are within half a unit of what they stand for, and take their bits and no more", () => {
    fc.assert(
      fc.property(finite, fc.integer({ min: 2, max: 16 }), (values, bits) => {
        const levels = packLevels(values, bits);
        expect(levels.packed).toHaveLength(Math.ceil((values.length * bits) / 8));
        const most = Math.max(0, ...values.map(Math.abs));
        expect(Math.abs(levels.unit * (2 ** (bits - 1) - 1) - most)).toBeLessThanOrEqual(
          1e-12 * most,
        );
        const found = unpackLevels(levels);
        for (const [i, value] of values.entries()) {
          // What is found is a float32: of numbers near 0 one has no digits left to be exact with.
          const rounding = Math.max(2 ** -150, Math.abs(found[i]!) * 2 ** -24);
          expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(
            (levels.unit / 2) * (1 + 1e-6) + rounding,
          );
        }
      }),
    );
  });

  test("of the smallest float32s are within half a unit and half a float32", () => {
    const values = Float32Array.of(2.6624670822171524e-44, -2.802596928649634e-45);
    const levels = packLevels(values, 5);
    // In units of 2 ** -149 they are 19 and -2, levels are 19 / 15 apart: -2 is at level -2.
    expect([...unpackLevels(levels)]).toEqual([19 * 2 ** -149, -3 * 2 ** -149]);
  });

  test("by hand: three bits are levels from -3 to 3, three added, lowest bits first", () => {
    const levels = packLevels(Float32Array.of(3, -3, 0, 1.4, 1.5, -1.5, -0.4, 2), 3);
    // 6 0 3 4 5 1 3 5, from the highest bits: 101 011 00|1 101 100 0|11 000 110.
    expect([...levels.packed]).toEqual([0b11000110, 0b11011000, 0b10101100]);
    expect([...unpackLevels(levels)]).toEqual([3, -3, 0, 1, 2, -2, 0, 2]);
  });

  test("with a dither they are right on average, without one they are not", () => {
    const random = randomFrom("dither");
    const values = Float32Array.from({ length: 20_000 }, (_, i) => (i === 0 ? 7 : 0.3));
    const dither = Float32Array.from(values, () => random.uniform());
    const mean = (found: Float32Array) => found.subarray(1).reduce((a, b) => a + b, 0) / 19_999;
    // Of 0.3 of a unit one in 0.3 rounds up: 3.3 standard deviations are 0.011.
    expect(Math.abs(mean(unpackLevels(packLevels(values, 4, dither))) - 0.3)).toBeLessThan(0.011);
    expect(mean(unpackLevels(packLevels(values, 4)))).toBe(0);
  });

  test("what is not finite is bounded, what is no number is 0", () => {
    const levels = packLevels(Float32Array.of(Number.NaN, Infinity, -Infinity, 3, 1), 3);
    expect([...unpackLevels(levels)]).toEqual([0, 3, -3, 3, 1]);
  });
});
