import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { tokenBatches } from "../../src/math/token-batches.ts";
import { problems } from "../../src/problems/registry.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { type RunInput, resolveSpec } from "../../src/run/resolve-spec.ts";
import { type BatchGradientTask, batchGradient } from "../../src/tasks/batch-gradient.ts";
import { examplesOfPairs, type Pair, sumsOf, translationOf } from "../problems/translations.ts";

const columns = 16;

function taskOf(weights: Float32Array<ArrayBuffer>, more: Partial<BatchGradientTask> = {}) {
  const about = { id: "a", slot: 2, round: 0, notBeforeMs: 0, seed: 5, columns };
  const task = { ...about, operation: "batch-gradient", batch: { tokens: 12 }, weights, ...more };
  return task as BatchGradientTask;
}

test("batches by tokens: their mean over a pass is the gradient of all rows", async () => {
  const problem = await translationOf();
  const weights = problem.initial!(randomFrom(8));
  const random = randomFrom("pairs");
  const sentence = () => Array.from({ length: 1 + random.integer(6) }, () => 4 + random.integer(7));
  const pairs = Array.from({ length: 14 }, (): Pair => [sentence(), sentence()]);
  const examples = examplesOfPairs(pairs);
  const { length } = tokenBatches(problem.rowTokens!(examples.rows), 12);
  expect(length).toBeGreaterThan(4);
  const replyOf = (round: number, slot = 2) =>
    batchGradient.compute(problem, examples, taskOf(weights, { round, slot }));
  const whole = sumsOf(problem, examples, weights);
  for (const pass of [0, 1]) {
    const replies = Array.from({ length }, (_, i) => replyOf(pass * length + i));
    const loss = replies.reduce((sum, reply) => sum + reply.loss, 0) / length;
    expect(Math.abs(loss / whole.loss - 1)).toBeLessThan(1e-5);
    const largest = Math.max(...whole.gradient.map(Math.abs));
    for (const i of weights.keys()) {
      const mean = replies.reduce((sum, { values }) => sum + values[i]!, 0) / length;
      expect(Math.abs(mean - whole.gradient[i]!)).toBeLessThan(1e-4 * largest);
    }
    // No batch is all of it.
    expect(new Set(replies.map((reply) => reply.loss)).size).toBe(length);
  }
  // Asked again it repeats its bits; another slot goes through its rows in another order.
  expect(replyOf(3)).toEqual(replyOf(3));
  const orders = [2, 5].map((slot) =>
    Array.from({ length }, (_, round) => replyOf(round, slot).loss),
  );
  expect(orders[0]).not.toEqual(orders[1]);
});

test("batches of rows: as many times as there are rows for one that is drawn", () => {
  const problem = problems.create({ type: "ridge", l2: 0 } as never);
  const rows = { kind: "dense", rows: 6, columns: 1, values: new Float32Array(6).fill(2) } as const;
  const examples = { rows, targets: new Float32Array(6).fill(1) };
  const weights = Float32Array.of(1);
  const made = batchGradient.compute(problem, examples, taskOf(weights, { batch: 3 }));
  const gradient = new Float64Array(1);
  expect(made.loss).toBeCloseTo(problem.lossAndGradient(examples, weights, gradient), 6);
  expect(made.values[0]).toBeCloseTo(gradient[0]!, 5);
});

test("a slot without rows has a gradient of nothing", async () => {
  const problem = await translationOf();
  const weights = problem.initial!(randomFrom(8));
  const made = batchGradient.compute(problem, examplesOfPairs([]), taskOf(weights));
  expect(made.loss).toBe(0);
  expect(made.values.every((value) => value === 0)).toBe(true);
});

const usual = {
  problem: "logistic",
  data: { source: "rows.csv", target: "y" },
  encoding: "uncoded",
  strategy: { type: "rounds", batch: 8 },
  optimizer: "adam",
};

test.each([
  [{ encoding: "gradient-code" }, /decodes sums over all rows/],
  [{ problem: "ridge", encoding: "hadamard" }, /decodes sums over all rows/],
  [{ optimizer: "l-bfgs" }, /l-bfgs needs the gradient of all rows/],
  [{ strategy: { type: "rounds", batch: 8, exact: true } }, /an exact end needs/],
  [{ strategy: { type: "rounds", batch: { tokens: 8 } } }, /not made of tokens/],
])("refused: %j", (change, message) => {
  const resolve = (more: object) =>
    resolveMembers(resolveSpec({ ...usual, ...more } as unknown as RunInput));
  expect(() => resolve(change)).toThrow(message);
  expect(() => resolve({})).not.toThrow();
});
