import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { allocateSparseRows } from "../../../src/math/kernels/allocation.ts";
import { lossAndGradientFused } from "../../../src/math/kernels/passes.ts";
import {
  softplusSlopes,
  softplusSum,
  softplusSumsAlong,
} from "../../../src/math/kernels/softplus.ts";
import { problems } from "../../../src/problems/registry.ts";
import { campaign } from "../../campaign.ts";
import { labels, normals, residentRows } from "./by-hand.ts";

/** The plain loop's loss of a row. */
function lossOf(z: number, target: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z;
}

/** Each number's own loss by the kernel: one row at margin 0 that changes by 1, a step a number. */
function kernelLosses(numbers: Float64Array): Float64Array {
  const out = new Float64Array(numbers.length);
  const rows = { margins: Float64Array.of(0), changes: Float64Array.of(1) };
  for (let from = 0; from < numbers.length; from += 64)
    out.set(softplusSumsAlong(rows, new Float32Array(1), numbers.slice(from, from + 64)), from);
  return out;
}

function expectSameBits(numbers: Float64Array): void {
  const known = numbers.map((z) => 0 + lossOf(0 + z, 0));
  const found = kernelLosses(numbers);
  const other = numbers.findIndex((_, i) => !Object.is(found[i], known[i]));
  const shown = other < 0 ? null : { z: numbers[other], is: found[other], not: known[other] };
  expect(shown).toBeNull();
}

const word = new BigUint64Array(1);
const double = new Float64Array(word.buffer);

function doubleOf(bits: bigint): number {
  word[0] = bits;
  return double[0]!;
}

/** Doubles a few steps below and above one. */
function around(z: number, steps: number): number[] {
  double[0] = z;
  const middle = word[0]!;
  return Array.from({ length: 2 * steps + 1 }, (_, i) => doubleOf(middle + BigInt(i - steps)));
}

describe("the losses of the kernel have the bits of Math.exp and Math.log1p", () => {
  test("at every exponent, of both signs", () => {
    const random = randomFrom("exponents");
    const numbers: number[] = [];
    for (let exponent = 0n; exponent < 2048n; exponent++)
      for (const sign of [0n, 1n << 63n])
        for (const mantissa of [0n, 1n, (1n << 52n) - 1n, ...drawn(campaign(12, 2_000))])
          numbers.push(doubleOf(sign | (exponent << 52n) | mantissa));
    expectSameBits(Float64Array.from(numbers));
    function drawn(count: number): bigint[] {
      return Array.from({ length: count }, () => BigInt(Math.floor(random.uniform() * 2 ** 52)));
    }
  });

  test("where one formula ends and the next begins", () => {
    const root = Math.log(Math.SQRT2 - 1);
    const ends = [Math.LN2 / 2, 1.5 * Math.LN2, root, 2 ** -28, 20.1, 37.4, 708, 708.396, 709.8];
    const tops = [3e-6, 2.9e-6, 2 ** -53, 2 ** -52, 2 ** -20, 2 ** -21, 745.1332191, 745.14];
    const whole = Array.from({ length: 1080 }, (_, k) => k * Math.LN2);
    const halves = whole.map((z) => z + Math.LN2 / 2);
    const numbers = [...ends, ...tops, ...whole, ...halves].flatMap((z) =>
      around(z, campaign(20, 400)).flatMap((one) => [one, -one]),
    );
    const sqrt = Array.from({ length: 4_000 }, (_, i) => root + (i - 2_000) * 1e-13);
    expectSameBits(Float64Array.from([...numbers, ...sqrt]));
  });

  test("of numbers drawn as margins are, and of what is no number", () => {
    const random = randomFrom("margins");
    for (const spread of [1, 5, 40, 400])
      expectSameBits(
        Float64Array.from(
          { length: campaign(200_000, 20_000_000) },
          () => spread * random.normal(),
        ),
      );
    expectSameBits(Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, 0, 1000, -1000));
  });
});

test("sums are the plain loop's, rows in their order, of any number of rows and steps", () => {
  const random = randomFrom("sums");
  for (const [rows, count] of [
    [1, 1],
    [2, 11],
    [2_047, 11],
    [2_048, 2],
    [5_001, 3],
  ] as const) {
    const draw = () => Float64Array.from({ length: rows }, () => 6 * random.normal());
    const [margins, changes] = [draw(), draw()];
    const targets = Float32Array.from(margins, () => (random.uniform() < 0.4 ? 1 : 0));
    const steps = Float64Array.from({ length: count }, (_, i) => (i * i) / 8);
    const known = steps.map((step) => {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += lossOf(margins[i]! + step * changes[i]!, targets[i]!);
      return sum;
    });
    expect(softplusSumsAlong({ margins, changes }, targets, steps)).toEqual(known);
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += lossOf(margins[i]!, targets[i]!);
    expect(softplusSum(margins, targets)).toBe(sum);
  }
});

test("the gradient's pass goes through dense rows by twos, to the bits of sparse ones", () => {
  const count = 64;
  const dense = residentRows(count, count, randomFrom("identity"));
  const sparse = allocateSparseRows(count, count, count, 0);
  for (let i = 0; i < count; i++) {
    dense.values.fill(0, i * count, (i + 1) * count)[i * (count + 1)] = 1;
    sparse.values[i] = 1;
    sparse.indices[i] = i;
    sparse.offsets[i + 1] = i + 1;
  }
  const random = randomFrom("margins of rows");
  const targets = labels(count, random);
  for (let turn = 0; turn < campaign(300, 100_000); turn++) {
    const spread = [1e-20, 1e-8, 0.1, 1, 10, 300][turn % 6]!;
    const weights = normals(count, random).map((value) => spread * value);
    for (const counts of [undefined, targets.map((target) => 2 * target + 1)]) {
      const more = counts === undefined ? {} : { weights: counts };
      const [a, b] = [dense, sparse].map((rows) => {
        const gradient = new Float64Array(count);
        const loss = lossAndGradientFused(
          "logistic",
          { rows, targets, ...more },
          weights,
          gradient,
        );
        return { loss, slopes: Float32Array.from(gradient) };
      });
      expect(a).toEqual(b);
    }
  }
});

test("many rows and few have the same losses", () => {
  const random = randomFrom("rows");
  const problem = problems.create({ type: "logistic" });
  const [count, columns] = [300, 3];
  const values = Float32Array.from({ length: count * columns }, () => random.normal());
  const targets = Float32Array.from({ length: count }, () => Math.round(random.uniform()));
  const [weights, direction] = [Float32Array.of(0.5, -2, 1), Float32Array.of(1, 1, -3)];
  const steps = Float64Array.of(0, 0.25, 1);
  const examples = (from: number, to: number) => ({
    rows: {
      ...{ kind: "dense" as const, columns, rows: to - from },
      values: values.subarray(from * columns, to * columns),
    },
    targets: targets.subarray(from, to),
  });
  const whole = problem.lineSearchTerms(examples(0, count), weights, direction, steps);
  const halves = [examples(0, 150), examples(150, count)].map((some) =>
    problem.lineSearchTerms(some, weights, direction, steps),
  );
  for (let i = 0; i < steps.length; i++)
    expect(Math.abs(halves[0]![i]! + halves[1]![i]! - whole[i]!)).toBeLessThan(1e-12 * whole[i]!);
});

test("slopes beside the losses are the plain loop's, of any number of rows", () => {
  const random = randomFrom("slopes");
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 800, -800];
  for (const rows of [7, 300, 2_047, 2_048, 4_097]) {
    const margins = Float64Array.from({ length: rows }, (_, i) =>
      i < odd.length ? odd[(i + rows) % odd.length]! : 10 ** (3 * random.normal()) - 5,
    );
    const finite = margins.map((z) => (Number.isFinite(z) ? z : 1));
    const targets = labels(rows, random);
    for (const given of [margins, finite]) {
      const slopes = new Float64Array(rows).fill(7);
      let sum = 0;
      const known = given.map((z, i) => {
        sum += lossOf(z, targets[i]!);
        const e = Math.exp(-Math.abs(z));
        return (z >= 0 ? 1 : e) / (1 + e) - targets[i]!;
      });
      expect(softplusSlopes(given, targets, slopes)).toBe(sum);
      expect(slopes).toEqual(known);
    }
  }
});
