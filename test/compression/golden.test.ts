import { describe, expect, test } from "vitest";
import { contentOf, decompress } from "../../src/compression/payload.ts";
import { stochasticLevels } from "../../src/compression/quantizers.ts";
import { compressors } from "../../src/compression/registry.ts";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { squared, subsets } from "./by-hand.ts";

/** The vector of the reference's section 6.4: |x|^2 = 32.875, |x|_1 = 12.5. */
const x = Float32Array.of(3, -1.5, 0.25, 0, -4, 2, -0.75, 1);
const total = 32.875;

/** Rounding draws these, one an entry. */
function drawing(uniforms: readonly number[]): Random {
  let at = 0;
  return { ...randomFrom(1), uniform: () => uniforms[at++]! };
}

function told(type: string, options: object, random: Random = randomFrom(1)) {
  const payload = compressors.create({ type, ...options }).compress(x, random);
  return decompress(payload, x.length);
}

function error(type: string, options: object): number {
  return squared(told(type, options).map((value, i) => x[i]! - value));
}

test("top-k keeps the greatest magnitudes", () => {
  const kept = [1, 2, 3, 4].map((k) =>
    [...told("top-k", { k }).keys()].filter((i) => told("top-k", { k })[i] !== 0),
  );
  expect(kept).toEqual([[4], [0, 4], [0, 4, 5], [0, 1, 4, 5]]);
  expect([1, 2, 3, 4].map((k) => error("top-k", { k }))).toEqual([16.875, 7.875, 3.875, 1.625]);
});

test("of equals top-k keeps those of lower index", () => {
  const ties = Float32Array.of(1, -2, 2, 2, -2);
  const payload = compressors
    .create({ type: "top-k", k: 2 } as never)
    .compress(ties, randomFrom(1));
  expect(decompress(payload, 5)).toEqual(Float32Array.of(0, -2, 2, 0, 0));
});

test("k of d at random leave (1 - k/d) of the square on average, and every set comes", () => {
  const all = subsets(8, 3);
  const mean = all.reduce((sum, kept) => sum + total - squared(kept.map((i) => x[i]!)), 0) / 56;
  expect(mean).toBeCloseTo(20.546875, 12);
  const seen = new Map<string, number>();
  const draws = 5_600;
  let sum = 0;
  for (let seed = 0; seed < draws; seed++) {
    const payload = compressors
      .create({ type: "random-k", k: 3 } as never)
      .compress(x, randomFrom(seed));
    const content = contentOf(payload, 8);
    const values = decompress(payload, 8);
    expect(content.kind === "coded" && content.support.kind).toBe("drawn");
    sum += squared(values.map((value, i) => x[i]! - value));
    const name = [...values.keys()].filter((i) => values[i] !== 0).join();
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  // Entry 3 is zero, so that sets with it look like pairs.
  expect(seen.size).toBe(subsets(7, 3).length + subsets(7, 2).length);
  for (const count of seen.values()) expect(Math.abs(count - 100)).toBeLessThan(50);
  expect(sum / draws).toBeCloseTo(20.546875, 0);
});

test("QSGD rounds up where the draw is below the fraction", () => {
  const uniforms = [0.1, 0.9, 0.3, 0.5, 0.7, 0.2, 0.6, 0.4];
  const values = told("qsgd", { levels: 4, scaled: false }, drawing(uniforms));
  const expected = [
    2.866836235294929, -1.433418117647464, 0, 0, -4.300254352942392, 2.866836235294929, 0,
    1.433418117647464,
  ];
  for (const [i, value] of expected.entries()) expect(values[i]).toBeCloseTo(value, 6);
});

test.each([
  [1, 38.79590588237321],
  [2, 10.221160235315613],
  [4, 2.3373605882545583],
  [16, 0.15729457722489237],
])("QSGD with s = %i is unbiased, and its variance is %f", (levels, variance) => {
  const draws = 6_000;
  const mean = new Float64Array(8);
  let spread = 0;
  const random = randomFrom("variance");
  for (let draw = 0; draw < draws; draw++) {
    const values = told("qsgd", { levels, scaled: false }, random);
    spread += squared(values.map((value, i) => value - x[i]!)) / draws;
    for (const [i, value] of values.entries()) mean[i]! += value / draws;
  }
  expect(Math.abs(spread / variance - 1)).toBeLessThan(0.05);
  const sigma = Math.sqrt(variance / draws);
  for (const [i, value] of mean.entries()) expect(Math.abs(value - x[i]!)).toBeLessThan(4 * sigma);
});

describe("the k greatest, quantized", () => {
  // E|x - Q(Top_k(x))|^2 / |x|^2, exactly: Top_k's error and the variance of the rounding.
  const ratio = (k: number, levels: number, scaled: boolean) => {
    const kept = [...x]
      .map(Math.abs)
      .sort((a, b) => b - a)
      .slice(0, k);
    const norm = Math.sqrt(squared(kept));
    const beta = Math.min(k / levels ** 2, Math.sqrt(k) / levels);
    const by = scaled ? 1 + beta : 1;
    let expected = total - norm ** 2;
    for (const value of kept) {
      const exact = (levels * value) / norm;
      const part = exact - Math.floor(exact);
      expected += (norm / levels / by) ** 2 * part * (1 - part) + (value * (1 - 1 / by)) ** 2;
    }
    return expected / total;
  };
  test.each([
    [3, 4, false, 0.14290309576056778, 0.6953125],
    [3, 4, true, 0.15761435420586573, 0.6842105],
    [3, 1, false, 0.7100070954892939, null],
    [3, 1, true, 0.5517506952338685, 0.86274],
    [8, 1, false, 1.1801, null],
    [8, 1, true, 0.6263351906704454, 1 - 1 / (1 + Math.sqrt(8))],
  ])("k = %i, s = %i, scaled: %s", (k, levels, scaled, expected, bound) => {
    expect(ratio(k, levels, scaled)).toBeCloseTo(expected, expected > 1 ? 4 : 12);
    const compressor = compressors.create({ type: "q-top-k", k, levels, scaled } as never);
    const gamma = compressor.contraction(8);
    if (bound === null) expect(gamma).toBeNull();
    else expect(1 - gamma!).toBeCloseTo(bound, 5);
    const draws = 2_000;
    let mean = 0;
    const random = randomFrom("ratio");
    for (let draw = 0; draw < draws; draw++) {
      const values = decompress(compressor.compress(x, random), 8);
      mean += squared(values.map((value, i) => value - x[i]!)) / total / draws;
    }
    expect(Math.abs(mean - expected)).toBeLessThan(0.04);
  });
  test("unscaled, k = 8 and s = 1 is no contraction; scaled it is: the scale is applied", () => {
    expect(ratio(8, 1, false)).toBeGreaterThan(1);
    expect(stochasticLevels(1, false).contraction(8)).toBeNull();
    expect(stochasticLevels(1, true).contraction(8)).toBeCloseTo(1 / (1 + Math.sqrt(8)), 12);
  });
});

test.each([
  [1, 1, 4, 0.4866920152],
  [3, 1, 3, 0.8212927756653993],
  [4, 1, 2.625, 0.8384030418250951],
  [3, 2, 1.7950549357115013, 0.6888006745594025],
])("sign-top-k of %i with the norm %i has the scale %f", (k, norm, scale, kept) => {
  const values = told("sign-top-k", { k, norm });
  expect(Math.max(...values)).toBeCloseTo(k === 1 ? 0 : scale, 6);
  expect(Math.max(...values.map(Math.abs))).toBeCloseTo(scale, 6);
  expect(1 - error("sign-top-k", { k, norm }) / total).toBeCloseTo(kept, 7);
});
