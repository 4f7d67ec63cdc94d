import { afterAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { type CyclicCode, cyclicCode } from "../../src/encoding/cyclic-code.ts";
import { exactDecoder, residual } from "../../src/encoding/cyclic-decoder.ts";
import { leastNormWeights } from "../../src/encoding/cyclic-least-squares.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { gram, matrix, row } from "../../src/testing/dense.ts";
import { storedCode, subsets, sumsBySlot } from "../../src/testing/stored-code.ts";
import { dense, frequencies, generic, rowsFrom } from "./cyclic-by-hand.ts";
import { solve } from "./solve.ts";

/*
 * Cyclic gradient codes: Tandon, Lei, Dimakis, Karampatziakis, ICML 2017. Slot i weighs parts i to
 * i + s by row i of B, where B H' = 0 for an H of s rows with H 1 = 0: row i is 1 at i and
 * -H_J^-1 H_i at J = i + 1, ..., i + s. A decoding solves a'B = 1. H here is the s highest
 * frequencies: Raviv, Tamo, Tandon, Dimakis, ICML 2018.
 */

const small = [1, 2, 3].map((stragglers) => [8, stragglers] as const);
const all = [...small, [7, 3], [12, 4], [32, 3], [32, 4], [64, 2]] as [number, number][];

describe.each(all)("%i slots, %i stragglers", (slots, stragglers) => {
  const code = cyclicCode(slots, stragglers);

  test("B is what H makes of it", () => {
    const made = rowsFrom(frequencies(slots, stragglers));
    for (const [at, value] of code.coefficients.entries())
      expect(Math.abs(value - made[at]!)).toBeLessThan(1e-7 * (1 + Math.abs(value)));
  });

  test("any m - s slots decode exactly, to 1e-9, and all slots too", () => {
    const decode = exactDecoder(code);
    for (const arrived of [...choices(slots, slots - stragglers), [...Array(slots).keys()]]) {
      const weights = decode(arrived);
      expect(largest(residual(code, weights))).toBeLessThan(1e-9);
      for (const [slot, weight] of weights.entries())
        if (!arrived.includes(slot)) expect(weight).toBe(0);
    }
  });

  test("with more than m - s slots the weights are the smallest that decode", () => {
    const decode = exactDecoder(code);
    const everyone = [...Array(slots).keys()];
    const fewer = norm(decode(everyone.slice(stragglers)));
    expect(norm(decode(everyone))).toBeLessThan(fewer);
    // The least solution lies in what B's rows span: a = B z, so nothing of it is in the kernel.
    for (const n of code.kernel) expect(Math.abs(dot(n, decode(everyone)))).toBeLessThan(1e-9);
  });

  test("with one more missing it comes as near as can be; s + 1 neighbours lose a part", () => {
    const b = dense(code);
    const nearest = choices(slots, slots - stragglers - 1).map((arrived) => {
      const rest = residual(code, leastNormWeights(code, arrived));
      // At the least the residual is orthogonal to every row that arrived.
      for (const slot of arrived) expect(Math.abs(dot(row(b, slot), rest))).toBeLessThan(1e-7);
      return largest(rest);
    });
    expect(nearest.filter((rest) => rest > 1 - 1e-9).length).toBeGreaterThanOrEqual(slots);
  });
});

test("sets of fewer slots that decode are not made to wait: every other one where s = 1", () => {
  const shares = Array<number>(8).fill(4);
  expect(
    cyclic(1)
      .weights([0, 2, 4, 6], shares, 16)!
      .map((a) => a.toFixed(9)),
  ).toEqual(Array(4).fill("1.000000000"));
  expect(cyclic(1).weights([0, 2, 4], shares, 16)).toBeNull();
  expect(cyclic(1).weights([0, 2, 4, 5], shares, 16)).toBeNull();
});

test("least squares of few slots is what the normal equations give", () => {
  const code = cyclicCode(8, 2);
  const b = dense(code);
  for (const arrived of subsets(8, 3)) {
    const held = matrix(8, 3, (part, i) => row(b, arrived[i]!)[part]!);
    const right = Float64Array.from(arrived, (slot) => row(b, slot).reduce((x, y) => x + y));
    const expected = solve(gram(held), right);
    const weights = leastNormWeights(code, arrived);
    for (const [i, slot] of arrived.entries())
      expect(Math.abs(weights[slot]! - expected[i]!)).toBeLessThan(1e-9);
  }
});

describe("a random H, for comparison", () => {
  const measured: object[] = [];
  afterAll(() => console.table(measured));

  test.each(small)("%i slots, %i stragglers: it decodes, by larger weights", (slots, s) => {
    const ours = cyclicCode(slots, s);
    const largestOf = (code: CyclicCode) => {
      const decoded = subsets(slots, slots - s).map((arrived) => leastNormWeights(code, arrived));
      for (const weights of decoded) expect(largest(residual(code, weights))).toBeLessThan(1e-6);
      return Math.max(...decoded.map(largest));
    };
    const random = Array.from({ length: 9 }, (_, draw) => largestOf(generic(slots, s, draw))).sort(
      (a, b) => a - b,
    );
    const weights = { closedForm: largestOf(ours), randomMedian: random[4]! };
    measured.push({ slots, stragglers: s, ...weights });
    expect(weights.randomMedian).toBeGreaterThan(3 * weights.closedForm);
  });

  test.each(small)("%i slots, %i stragglers: with s + 1 missing no set decodes", (slots, s) => {
    for (const arrived of subsets(slots, slots - s - 1)) {
      const code = generic(slots, s, 0);
      expect(largest(residual(code, leastNormWeights(code, arrived)))).toBeGreaterThan(1e-4);
    }
  });
});

test("codes whose weights would blow up are refused, with the figure", () => {
  const reasons = [
    [8, 3],
    [16, 6],
    [32, 4],
    [64, 2],
    [1024, 1],
  ].map(([workers, stragglers]) => cyclic(stragglers!).refusal(workers!));
  expect(reasons).toEqual([null, null, null, null, null]);
  expect(cyclic(8).refusal(32)).toMatch(
    /^a cyclic gradient code for 8 stragglers of 32 slots weighs replies by up to [\d.e+]+, which/,
  );
  expect(cyclic(8).refusal(8)).toMatch(/needs 9 workers or more$/);
});

test("what slots store and weigh adds up to the exact sum, in single precision", () => {
  for (const [workers, stragglers] of [
    [8, 1],
    [8, 2],
    [8, 3],
    [5, 2],
  ] as const) {
    const encoding = cyclic(stragglers);
    for (const rows of [3, 101, 300]) {
      const code = storedCode(encoding, rows, workers);
      const x = matrix(rows, 2, () => 1);
      const sums = sumsBySlot(code, x);
      for (const arrived of subsets(workers, workers - stragglers)) {
        const weights = encoding.weights(arrived, code.shares, rows)!;
        for (let r = 0; r < rows; r++) {
          const total = arrived.reduce(
            (sum, slot, i) => sum + weights[i]! * row(sums[slot]!, r)[0]!,
            0,
          );
          expect(Math.abs(total - 1)).toBeLessThan(1e-5);
        }
      }
    }
  }
});

test("one step: unbiased over all choices of slots, each part at most m/k times", () => {
  for (const arrangement of ["fractional", "cyclic"]) {
    const chosen = { type: "gradient-code", arrangement, stragglers: 3, approximate: "one-step" };
    const encoding = encodings.create(chosen);
    const code = storedCode(encoding, 96, 8);
    const sums = sumsBySlot(
      code,
      matrix(96, 1, () => 1),
    );
    for (const count of [1, 4, 6, 8]) {
      const sets = subsets(8, count);
      const mean = new Float64Array(96);
      for (const arrived of sets) {
        const weights = encoding.weights(arrived, code.shares, 96)!;
        for (let r = 0; r < 96; r++) {
          const times = arrived.reduce((sum, s, i) => sum + weights[i]! * sums[s]!.values[r]!, 0);
          expect(times).toBeLessThanOrEqual(8 / count + 1e-12);
          mean[r]! += times / sets.length;
        }
      }
      for (const value of mean) expect(Math.abs(value - 1)).toBeLessThan(1e-12);
    }
  }
});

function cyclic(stragglers: number) {
  return encodings.create({ type: "gradient-code", ...{ stragglers, arrangement: "cyclic" } });
}

/** All of them, or 60 drawn and the runs of neighbours where they are many. */
function choices(slots: number, count: number): number[][] {
  if (slots <= 8) return subsets(slots, count);
  const runs = Array.from({ length: slots }, (_, first) =>
    Array.from({ length: count }, (_, i) => (first + i) % slots),
  );
  const draws = Array.from({ length: 60 }, (_, draw) => [
    ...randomFrom(draw).permutation(slots).subarray(0, count),
  ]);
  return [...runs, ...draws].map((chosen) => chosen.sort((a, b) => a - b));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
