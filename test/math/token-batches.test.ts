import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { tokenBatchAt, tokenBatches } from "../../src/math/token-batches.ts";

const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });
const budget = fc.integer({ min: 1, max: 200 });

test("every row is in one batch, and no batch of several rows is over the budget", () => {
  fc.assert(
    fc.property(lengths, budget, (rows, tokens) => {
      const batches = tokenBatches(rows, tokens);
      expect(batches.flat().sort((a, b) => a - b)).toEqual([...rows.keys()]);
      for (const batch of batches) {
        const longest = Math.max(...batch.map((row) => rows[row]!));
        expect(batch.length === 1 || batch.length * longest <= tokens).toBe(true);
      }
    }),
  );
});

test("rows of like length go together: by hand", () => {
  expect(tokenBatches([5, 2, 9, 2, 5, 3], 10)).toEqual([[1, 3, 5], [0, 4], [2]]);
  // Rows as long stay in the order that is given.
  expect(tokenBatches([2, 2, 2, 2], 4, [3, 1, 0, 2])).toEqual([
    [3, 1],
    [0, 2],
  ]);
  expect(tokenBatches([], 10)).toEqual([]);
});

test("a pass goes through every row once, the next through other batches in another order", () => {
  const rows = Array.from({ length: 50 }, (_, i) => 1 + (i % 5));
  const at = (step: number, seed = 3) => tokenBatchAt(rows, 20, step, randomFrom(seed));
  const { count } = at(0);
  expect(count).toBeGreaterThan(5);
  const pass = (from: number) => Array.from({ length: count }, (_, i) => at(from + i).rows);
  for (const batches of [pass(0), pass(count), pass(2 * count)])
    expect(batches.flat().sort((a, b) => a - b)).toEqual([...rows.keys()]);
  expect(pass(0)).not.toEqual(pass(count));
  expect(pass(0)).toEqual(pass(0));
  expect(at(1, 4).rows).not.toEqual(at(1, 3).rows);
});

test("no rows make no batch", () => {
  expect(tokenBatchAt([], 20, 7, randomFrom(1))).toEqual({ rows: [], count: 0 });
});
