import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { tokenLoss } from "../../src/problems/translation/token-loss.ts";
import { sparseOf } from "../../src/testing/exact-examples.ts";
import { examplesOfPairs, type Pair, small, sumsOf, translationOf } from "./translations.ts";

const pairs: readonly Pair[] = [
  [
    [4, 5, 6],
    [7, 8],
  ],
  [
    [6, 5],
    [8, 9, 10, 7],
  ],
  [[9], [4]],
  [
    [4, 4, 4, 10, 5, 6],
    [9, 9, 8],
  ],
];
const nothing: Pair = [[], []];

let problem: Problem;
let weights: Float32Array<ArrayBuffer>;
beforeAll(async () => {
  problem = await translationOf({ ...small, labelSmoothing: 0.1 });
  weights = problem.initial!(randomFrom(4));
  // Away from where norms begin, at which gains are all one.
  const random = randomFrom("moved");
  weights = weights.map((weight) => weight + 0.2 * random.normal());
});

/** Relative to the larger of the two. */
function off(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-12);
}

function apart(a: Float64Array, b: Float64Array): number {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
}

describe("the gradient", () => {
  test("is the derivative of the loss, tensor by tensor, by central differences", () => {
    const examples = examplesOfPairs(pairs);
    const { gradient } = sumsOf(problem, examples, weights);
    const h = 2 ** -10;
    let at = 0;
    for (const { name, shape } of problem.parameters!) {
      const size = shape.reduce((a, b) => a * b, 1);
      const own = gradient.subarray(at, at + size);
      const norm = Math.hypot(...own);
      expect(norm, name).toBeGreaterThan(0.1);
      const [up, down] = [h, -h].map((by) => {
        const moved = weights.slice();
        for (let i = 0; i < size; i++) moved[at + i]! += (by * own[i]!) / norm;
        return sumsOf(problem, examples, moved).loss;
      });
      expect(off((up! - down!) / (2 * h), norm), name).toBeLessThan(2e-2);
      at += size;
    }
    expect(at).toBe(weights.length);
  });

  test("of the table has a part of the source, of the target and of the output", () => {
    // Tokens that stand in the source alone, in what the decoder is told, and nowhere.
    const [, outside] = [4, 10];
    const examples = examplesOfPairs([
      [
        [4, 5],
        [7, 8],
      ],
    ]);
    const { gradient } = sumsOf(problem, examples, weights);
    const { width } = small;
    const h = 2 ** -9;
    for (const token of [0, 1, 4, 7, outside]) {
      for (let i = 0; i < width; i += 3) {
        const [up, down] = [h, -h].map((by) => {
          const moved = weights.slice();
          moved[token * width + i]! += by;
          return sumsOf(problem, examples, moved).loss;
        });
        const slope = gradient[token * width + i]!;
        expect(Math.abs((up! - down!) / (2 * h) - slope)).toBeLessThan(2e-3);
      }
    }
  });

  test("of parts adds up to the whole, whatever they are padded to; of sparse rows too", () => {
    const examples = examplesOfPairs(pairs);
    const whole = sumsOf(problem, examples, weights);
    const parts = pairs.map((pair) => sumsOf(problem, examplesOfPairs([pair]), weights));
    expect(
      off(
        whole.loss,
        parts.reduce((sum, { loss }) => sum + loss, 0),
      ),
    ).toBeLessThan(1e-5);
    const sum = whole.gradient.map((_, i) =>
      parts.reduce((total, { gradient }) => total + gradient[i]!, 0),
    );
    expect(apart(sum, whole.gradient)).toBeLessThan(1e-5);
    const sparse = sumsOf(problem, sparseOf(examples), weights);
    expect(sparse.loss).toBe(whole.loss);
  });
});

describe("padding", () => {
  test("alone has no loss and no slope, and no number that is none", () => {
    const { loss, gradient } = sumsOf(problem, examplesOfPairs([nothing, nothing]), weights);
    expect(loss).toBe(0);
    expect(gradient.every((slope) => slope === 0)).toBe(true);
    const { tally } = problem;
    expect([...tally(examplesOfPairs([nothing]), weights)]).toEqual([0, 0, 0, 0]);
  });

  test("beside sentences changes nothing", () => {
    const [alone, beside] = [pairs, [...pairs, nothing]].map((some) =>
      sumsOf(problem, examplesOfPairs(some), weights),
    );
    expect(off(alone!.loss, beside!.loss)).toBeLessThan(1e-6);
    expect(apart(beside!.gradient, alone!.gradient)).toBeLessThan(1e-5);
  });
});

describe("the loss", () => {
  test("is weighted by tokens: metrics and gradients are no means over sentences", () => {
    const examples = examplesOfPairs(pairs);
    const tokens = pairs.reduce((sum, [, target]) => sum + target.length + 1, 0);
    const { meanLoss } = problem.metrics(problem.tally(examples, weights));
    const each = pairs.map((pair) => {
      const one = problem.metrics(problem.tally(examplesOfPairs([pair]), weights)).meanLoss;
      return { one, tokens: pair[1].length + 1 };
    });
    const byTokens = each.reduce((sum, { one, tokens }) => sum + one * tokens, 0) / tokens;
    expect(off(meanLoss, byTokens)).toBeLessThan(1e-6);
    const byPairs = each.reduce((sum, { one }) => sum + one, 0) / pairs.length;
    expect(off(meanLoss, byPairs)).toBeGreaterThan(1e-3);
    // A row counts its tokens over 4: so does the sum that is trained on.
    const { loss } = sumsOf(problem, examples, weights);
    expect(off(loss, (meanLoss * tokens) / 4)).toBeLessThan(1e-5);
  });

  test("is smoothed over all tokens: at .1 and five of them the right one has .92", () => {
    const scores = Float32Array.of(0.3, -1, 2, 0.5, 1);
    const options = { labelSmoothing: 0.1, tokens: 5 };
    const slopes = new Float32Array(5);
    const { loss, surprise } = tokenLoss(scores, Int32Array.of(3), 1, options, slopes);
    const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
    const chances = Array.from(scores, (score) => Math.exp(score) / sum);
    const wanted = [0.02, 0.02, 0.02, 0.92, 0.02];
    const byHand = -wanted.reduce((total, part, i) => total + part * Math.log(chances[i]!), 0);
    expect(loss).toBeCloseTo(byHand, 10);
    expect(surprise).toBeCloseTo(-Math.log(chances[3]!), 10);
    for (const [i, slope] of slopes.entries())
      expect(slope).toBeCloseTo(chances[i]! - wanted[i]!, 6);
  });

  test("draws dropout: the same draw the same, another another, none for metrics", async () => {
    const dropping = await translationOf({ ...small, dropout: 0.3 });
    const examples = examplesOfPairs(pairs);
    const lossAt = (seed: number) =>
      dropping.lossAndGradient(
        examples,
        weights,
        new Float64Array(weights.length),
        randomFrom(seed),
      );
    expect(lossAt(1)).toBe(lossAt(1));
    expect(lossAt(1)).not.toBe(lossAt(2));
    expect(dropping.tally(examples, weights)).toEqual(problem.tally(examples, weights));
  });
});

test("other sizes are refused before anything is built", async () => {
  await expect(translationOf({ ...small, heads: 3 })).rejects.toThrow(/width: 8, in 3 heads/);
  expect(() => problem.weightsLength(16, 12)).toThrow(/its table has 11 rows/);
  expect(() => problem.predict!(examplesOfPairs(pairs).rows, weights)).toThrow(/predicts text/);
});
