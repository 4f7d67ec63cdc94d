import fc from "fast-check";
import { expect, test } from "vitest";
import { applyChange, changeBetween } from "../../src/wire/vector-change.ts";

const bits = (vector: Float32Array) => [...new Uint32Array(vector.buffer)];
const special = fc.constantFrom(0, -0, 1, Number.NaN, Infinity);
const vector = (length: number) =>
  fc
    .array(fc.oneof(special, fc.float()), { minLength: length, maxLength: length })
    .map((all) => Float32Array.from(all));

test("a change makes one vector of the other to the bit, or is no fewer bytes", () => {
  const pairs = fc
    .nat(300)
    .chain((length) => fc.tuple(vector(length), vector(length), fc.array(fc.nat(299))));
  fc.assert(
    fc.property(pairs, ([before, others, kept]) => {
      // A few runs of others among what stays.
      const after = before.slice();
      for (const at of kept) after.set(others.subarray(at, at + 3), Math.min(at, after.length));
      const change = changeBetween(before, after);
      if (change === null) return;
      const { runs, values } = change;
      expect(runs.length + values.byteLength).toBeLessThanOrEqual(after.byteLength);
      expect(bits(applyChange(before, change))).toEqual(bits(after));
    }),
    { numRuns: 200 },
  );
});

test("rows that moved weigh what they are and three bytes each", () => {
  const before = new Float32Array(100_000);
  const after = before.slice();
  const rows = [3, 4, 900, 12_000];
  for (const row of rows) after.fill(1, 8 * row, 8 * row + 8);
  const { runs, values } = changeBetween(before, after)!;
  expect(values.length).toBe(32);
  expect(runs.length).toBeLessThanOrEqual(3 * rows.length + 1);
  expect(changeBetween(before, before)).toEqual({
    runs: new Uint8Array(0),
    values: new Float32Array(0),
  });
  expect(changeBetween(before, new Float32Array(100_000).fill(2))).toBeNull();
});

test("a change of another vector is refused", () => {
  const after = new Float32Array(500);
  after.fill(1, 100, 120);
  const change = changeBetween(new Float32Array(500), after)!;
  const damaged = [
    { ...change, values: change.values.slice(1) },
    { ...change, values: new Float32Array(21) },
    { ...change, runs: change.runs.slice(0, -1) },
  ];
  for (const one of damaged)
    expect(() => applyChange(new Float32Array(500), one)).toThrow("another vector");
  expect(() => applyChange(new Float32Array(110), change)).toThrow("another vector");
});
