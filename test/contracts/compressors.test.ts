import { describe, expect, test } from "vitest";
import type { Compressor } from "../../src/compression/compressor.ts";
import { decompress } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { squared } from "../compression/by-hand.ts";

const shape = [4, 6];
const length = 24;

const members = compressors.members.map((member) => ({
  name: member.name,
  examples: member.examples.map((example) => ({
    name: `${member.name} ${JSON.stringify(example)}`,
    compressor: compressors.create({ type: member.name, ...example }),
  })),
}));
const examples = members.flatMap((member) => member.examples);

/** Cubes of normals over a uniform number: a few entries are nearly all of it. */
function heavyTailed(random: Random, size = length): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: size },
    () => random.normal() ** 3 / (0.01 + random.uniform()),
  );
}

function told(compressor: Compressor, vector: Float32Array, random: Random) {
  return decompress(compressor.compress(vector, random, shape), vector.length);
}

describe.each(members)("$name", ({ name, examples: own }) => {
  test("leaves at most 1 - gamma of 10^4 heavy-tailed vectors", () => {
    for (const { compressor } of own) {
      const gamma = compressor.contraction(length, shape)!;
      expect(gamma).toBeGreaterThan(0);
      expect(gamma).toBeLessThanOrEqual(1);
      const random = randomFrom(name);
      const draws = Math.ceil(10_000 / own.length);
      const isRandom = drawsAtRandom(compressor);
      let [sum, squares] = [0, 0];
      for (let draw = 0; draw < draws; draw++) {
        const vector = heavyTailed(random);
        const kept = told(compressor, vector, random);
        const left = squared(kept.map((value, i) => vector[i]! - value)) / squared(vector);
        if (!isRandom) expect(left).toBeLessThanOrEqual(1 - gamma + 1e-12);
        sum += left;
        squares += left ** 2;
      }
      // Of random ones the law is about the expectation: the mean, with what chance adds to it.
      const mean = sum / draws;
      const deviation = Math.sqrt(Math.max(0, squares / draws - mean ** 2) / draws);
      expect(mean).toBeLessThanOrEqual(1 - gamma + 4 * deviation + 1e-12);
    }
  });
});

function drawsAtRandom(compressor: Compressor): boolean {
  const vector = heavyTailed(randomFrom("which"));
  const [a, b] = ["a", "b"].map((seed) => told(compressor, vector, randomFrom(seed)));
  return String(a) !== String(b);
}

describe.each(examples)("$name", ({ compressor }) => {
  test("the same vector and randomness give the same bytes, and the vector is left alone", () => {
    const vector = heavyTailed(randomFrom(1));
    const before = vector.slice();
    const bytes = compressor.compress(vector, randomFrom(2), shape);
    expect(compressor.compress(vector, randomFrom(2), shape)).toEqual(bytes);
    expect(vector).toEqual(before);
    expect(decompress(bytes, length)).toEqual(decompress(bytes.slice(), length));
  });

  test("zeros are zeros, and so are single entries", () => {
    for (const size of [1, 2, 24]) {
      const zeros = decompress(
        compressor.compress(new Float32Array(size), randomFrom(3), [1, size]),
        size,
      );
      expect(zeros.every((value) => Object.is(value, 0))).toBe(true);
    }
  });

  test("numbers that are none do not become numbers where they are told of", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 3e38]) {
      const vector = new Float32Array(length).fill(bad);
      const kept = told(compressor, vector, randomFrom(4));
      for (const value of kept)
        expect(value === 0 || !Number.isFinite(value) || Number.isFinite(bad)).toBe(true);
      expect(kept.some((value) => value !== 0)).toBe(true);
    }
  });
});

test("a rounding that adds more than it keeps promises no contraction", () => {
  const type = "q-top-k";
  const unscaled = compressors.create({ type, k: 8, levels: 1, scaled: false } as never);
  expect(unscaled.contraction(8)).toBeNull();
});

/** What is sent of a message, as the reference's section 2.6 counts it, in bits. */
const index = Math.ceil(Math.log2(1_000));
const accounts: readonly (readonly [string, object, number])[] = [
  ["none", {}, 32 * 1_000],
  ["top-k", { k: 40 }, 40 * (32 + index)],
  ["random-k", { k: 40 }, 40 * 32 + 64],
  ["q-top-k", { k: 40, levels: 15 }, 40 * (1 + 4 + index) + 32],
  ["sign-top-k", { k: 40 }, 40 * (1 + index) + 32],
  ["sign", {}, 1_000 + 32],
  ["s-level", { levels: 15 }, 4 * 1_000 + 64],
  ["qsgd", { levels: 31 }, 3 * 1_000 + 32],
];

test.each(accounts)("%s %j takes no more bits than the usual account", (type, options, bits) => {
  const compressor = compressors.create({ type, ...options });
  const headerBits = 8 * 14;
  for (let seed = 0; seed < 20; seed++) {
    const vector = heavyTailed(randomFrom(seed), 1_000);
    const payload = compressor.compress(vector, randomFrom(seed));
    expect(8 * payload.length).toBeLessThanOrEqual(bits + headerBits);
  }
});
