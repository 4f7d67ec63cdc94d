import { describe, expect, test } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";

describe("a stream", () => {
  test("is the same for the same label, and another for another", () => {
    const draws = (random: Random) => Array.from({ length: 50 }, () => random.uniform());
    expect(draws(randomFrom(7))).toEqual(draws(randomFrom("7")));
    expect(draws(randomFrom(7).fork("a"))).toEqual(draws(randomFrom(7).fork("a")));
    const others = [randomFrom(8), randomFrom(7).fork("a"), randomFrom(7).fork("b")].map(draws);
    for (const other of others) expect(other[0]).not.toBe(draws(randomFrom(7))[0]);
    expect(others[1]![0]).not.toBe(others[2]![0]);
  });

  test("keeps its bits from release to release", () => {
    // Figures of the first release: seeds in people's specs must go on meaning the same.
    const random = randomFrom(7).fork("round/7/slot/3");
    expect([random.uniform(), random.normal(), random.integer(1000)]).toEqual([
      0.8288225483522984, 0.5628635715098085, 47,
    ]);
    expect([...random.permutation(6)]).toEqual([3, 2, 0, 4, 5, 1]);
  });

  test("forks do not depend on what was drawn before, and draw nothing themselves", () => {
    const [fresh, used] = [randomFrom(1), randomFrom(1)];
    for (let i = 0; i < 5; i++) used.normal();
    expect(used.fork("x").uniform()).toBe(fresh.fork("x").uniform());
    const [forking, plain] = [randomFrom(2), randomFrom(2)];
    forking.fork("x").uniform();
    expect(forking.uniform()).toBe(plain.uniform());
  });

  test("forks are those of their labels, however many came before", () => {
    const root = randomFrom("many");
    for (let i = 0; i < 40; i++) {
      const label = `round/${i % 7}/slot/${i % 3}`;
      expect(root.fork(label).uniform()).toBe(randomFrom("many").fork(label).uniform());
    }
  });

  test("forks by path: fork(a).fork(b) is fork(a/b)", () => {
    const root = randomFrom(3);
    expect(root.fork("a").fork("b").uniform()).toBe(root.fork("a/b").uniform());
  });

  test("100,000 neighbouring labels begin with 100,000 different draws", () => {
    const root = randomFrom(1);
    const seen = new Set<number>();
    for (let round = 0; round < 1000; round++)
      for (let slot = 0; slot < 100; slot++)
        seen.add(root.fork(`round/${round}/slot/${slot}`).uniform());
    expect(seen.size).toBe(100_000);
  });
});

describe("draws", () => {
  const count = 200_000;

  test("uniform: in [0, 1), with a uniform's moments and even twentieths", () => {
    const random = randomFrom("uniform");
    const values = Float64Array.from({ length: count }, () => random.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expectMoments(values, [1 / 2, 1 / 3, 1 / 4, 1 / 5]);
    expectEven(cells(values, (value) => Math.floor(value * 20), 20));
  });

  test("first draws of neighbouring labels are uniform as well, and unrelated", () => {
    const root = randomFrom("labels");
    const values = Float64Array.from({ length: 50_000 }, (_, i) => root.fork(`${i}`).uniform());
    expectMoments(values, [1 / 2, 1 / 3]);
    expectEven(cells(values, (value) => Math.floor(value * 20), 20));
    expect(Math.abs(lagCorrelation(values))).toBeLessThan(5 / Math.sqrt(values.length));
  });

  test("normal: the moments 0, 1, 0, 3, 0, 15, and 4.55 % beyond two", () => {
    const random = randomFrom("normal");
    const values = Float64Array.from({ length: count }, () => random.normal());
    expectMoments(values, [0, 1, 0, 3, 0, 15]);
    const beyond = values.filter((value) => Math.abs(value) > 2).length / count;
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.0025);
    expect(Math.abs(lagCorrelation(values))).toBeLessThan(5 / Math.sqrt(count));
  });

  test("integer: every value below the bound equally often, none at it", () => {
    const random = randomFrom("integer");
    const values = Float64Array.from({ length: 60_000 }, () => random.integer(6));
    expectEven(cells(values, (value) => value, 6));
    expect(random.integer(1)).toBe(0);
  });

  test("permutation: each of the 24 orders of four equally often", () => {
    const random = randomFrom("permutation");
    const orders = new Map<string, number>();
    for (let i = 0; i < 48_000; i++) {
      const order = random.permutation(4).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    expectEven([...orders.values()]);
  });

  test("permutation: every number once, at any length", () => {
    const random = randomFrom("lengths");
    for (const length of [0, 1, 2, 1000])
      expect([...random.permutation(length)].sort((a, b) => a - b)).toEqual([
        ...Array(length).keys(),
      ]);
  });
});

/** Sample moments within five standard errors of what they should be. */
function expectMoments(values: Float64Array, moments: readonly number[]): void {
  for (const [i, expected] of moments.entries()) {
    const powers = values.map((value) => value ** (i + 1));
    const mean = powers.reduce((total, power) => total + power, 0) / powers.length;
    const square = powers.reduce((total, power) => total + power * power, 0) / powers.length;
    const error = Math.sqrt((square - mean * mean) / powers.length);
    expect(Math.abs(mean - expected), `moment ${i + 1}`).toBeLessThan(5 * error);
  }
}

function cells(values: Float64Array, cell: (value: number) => number, count: number): number[] {
  const counts = Array<number>(count).fill(0);
  for (const value of values) counts[cell(value)]!++;
  return counts;
}

/** Pearson's statistic within five deviations of its mean, on both sides: not too even either. */
function expectEven(counts: readonly number[]): void {
  const expected = counts.reduce((total, count) => total + count, 0) / counts.length;
  const statistic = counts.reduce((total, n) => total + (n - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  expect(statistic).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom));
  expect(statistic).toBeGreaterThan(freedom * 0.05);
}

function lagCorrelation(values: Float64Array): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  let [shared, own] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    shared += (values[i]! - mean) * (values[i - 1]! - mean);
    own += (values[i]! - mean) ** 2;
  }
  return shared / own;
}
