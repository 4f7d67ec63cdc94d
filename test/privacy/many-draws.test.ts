import { expect, test } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { discreteGaussian, discreteGaussians } from "../../src/privacy/mechanisms/exact-draws.ts";
import { gridFor, stepsOf, withGaussianNoise } from "../../src/privacy/mechanisms/grid-noise.ts";
import { type SecretBits, secretBits } from "../../src/privacy/mechanisms/secret-draws.ts";
import { testBits } from "./chance.ts";

/** Words of whatever law, which show no more of themselves than they must. */
function wordsOf(next: () => number): SecretBits {
  const ahead: number[] = [];
  return {
    word: () => ahead.shift() ?? next(),
    unread(least) {
      while (ahead.length < least) ahead.push(next());
      return Uint32Array.from(ahead);
    },
    skip: (count) => ahead.splice(0, count),
  };
}

/** Words near all bounds that a draw compares with, between uniform ones. */
function hardWord(random: Random, sigma: number): number {
  const last = 2 ** 32 - 1;
  const near = [0, 1, 2, 4, 6, 8, 24, 480, sigma, sigma - 1, last, last - 3, last - 15];
  if (random.uniform() < 0.4) return random.integer(2 ** 32);
  const one = near[random.integer(near.length)]!;
  return (random.uniform() < 0.2 ? last - (2 ** 32 % sigma) : one) >>> 0;
}

const sigmas = [1, 3, 7, 1_000_003, gridFor(3.3).noiseSteps, 2 ** 31];

function expectSame(sigma: number, count: number, bits: () => SecretBits): void {
  const [at, one] = [bits(), bits()];
  const many = discreteGaussians(sigma, count, at);
  const expected = Float64Array.from({ length: count }, () => discreteGaussian(sigma, one));
  expect(many).toEqual(expected);
  // What is drawn next is of the same words, too.
  expect([at.word(), at.word()]).toEqual([one.word(), one.word()]);
}

test.each(sigmas)("many at once are those of one by one, sigma %d", (sigma) => {
  for (const count of [0, 1, 31, 32, 100, 2_049, 30_000])
    expectSame(sigma, count, () => testBits(`many/${count}`));
});

test.each(sigmas)("also of words at the bounds of what counts, sigma %d", (sigma) => {
  for (let trial = 0; trial < 20; trial++)
    expectSame(sigma, 200, () => {
      const random = randomFrom(`hard ${trial}`);
      return wordsOf(() => hardWord(random, sigma));
    });
});

test("a number that takes more words than are shown is drawn all the same", () => {
  // Thousands of ones are as many true coins for the size, which the curve then refuses.
  const words = () => {
    const random = testBits("after ones");
    let ones = 0;
    return wordsOf(() => (ones++ < 5_000 ? 1 : random.word()));
  };
  expectSame(1_000_003, 40, words);
});

test("words that are looked at before they are taken are the stream's own", () => {
  const secret = new Uint8Array(32).fill(7);
  const [plain, mixed] = [secretBits(secret, "use"), secretBits(secret, "use")];
  for (const [least, used] of [
    [1, 0],
    [10, 3],
    [1_024, 1_000],
    [40_000, 33_333],
    [2, 2],
  ] as const) {
    const ahead = mixed.unread(least);
    expect(ahead.length).toBeGreaterThanOrEqual(least);
    const expected = Array.from({ length: used }, () => plain.word());
    expect([...ahead.slice(0, used)]).toEqual(expected);
    mixed.skip(used);
    expect(mixed.word()).toBe(plain.word());
  }
});

test("values come to the grid's nearest points under the noise, halves upwards", () => {
  const grid = gridFor(1.5);
  const random = randomFrom("nearest");
  const hard = [0, -0, 0.5, -0.5, 1.5, -1.5, 0.49999999999999994, -1e-20, 1e-20, -2.5, 2 ** 52];
  const steps = [...hard, 1 - 2 ** 52, 2 ** 51 + 0.5, 0.5 - 2 ** 51];
  for (let i = 0; i < 500; i++) steps.push(1_000 * random.normal(), Math.floor(9 * i) / 2 - 500);
  const values = Float64Array.from(steps, (at) => at * grid.step);
  const noise = discreteGaussians(grid.noiseSteps, values.length, testBits("nearest"));
  const expected = values.map((value, i) => (stepsOf(value, grid) + noise[i]!) * grid.step);
  expect(withGaussianNoise(values, grid, testBits("nearest"))).toEqual(expected);
});
