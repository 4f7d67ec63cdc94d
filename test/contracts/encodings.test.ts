import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { distanceToIdentity, gram, matrix, product, row } from "./dense.ts";
import { encoded, encodingExamples, storedCode, subsets, sumsBySlot } from "./stored-code.ts";

const workerCounts = [1, 2, 3, 8, 12, 64];
/** One row, one short of a power of two, an odd number, several chunks with a partial last one. */
const rowCounts = [1, 63, 101, 200];

/** Codes whose stored rows are of unequal norm. */
const unequal = new Set(["haar", "gaussian"]);

describe.each(encodingExamples)("$name", (example) => {
  const { encoding, type, waitsOn, countsLess, isSigned, run } = example;
  const served = workerCounts.filter((workers) => encoding.refusal(workers) === null);

  test("serves some of the usual numbers of workers and refuses others with a reason", () => {
    expect(served.length).toBeGreaterThan(0);
    for (const workers of workerCounts) {
      const reason = encoding.refusal(workers);
      if (reason !== null) expect(reason.length).toBeGreaterThan(10);
    }
  });

  test("every stored row has one slot, and shares within a chunk differ by one run at most", () => {
    for (const { code, workers } of codes(encoding, served)) {
      expect(code.slots.every((slot) => Number.isInteger(slot) && slot < workers)).toBe(true);
      expect(code.shares.reduce((total, share) => total + share)).toBe(code.s.rows);
      for (const shares of code.sharesByChunk)
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(run);
    }
  });

  test("a full chunk stores as many rows as the redundancy says, to one row in its size", () => {
    for (const workers of served) {
      const rows = encoding.chunkRows(workers);
      const stored = encoding.chunk(0, rows, workers, randomFrom(1)).slots.length;
      expect(Math.abs(stored / encoding.redundancy - rows)).toBeLessThan(1);
    }
  });

  test("S'S = scale I where it is tight, and scale = trace(S'S)/n", () => {
    for (const { code, workers, rows } of codes(encoding, served)) {
      const scale = encoding.scale(workers);
      const squares = gram(code.s);
      let trace = 0;
      for (let i = 0; i < rows; i++) trace += squares.values[i * rows + i]!;
      expect(Math.abs(trace / rows / scale - 1)).toBeLessThan(1e-12);
      if (encoding.tight)
        expect(distanceToIdentity(squares, scale) / scale, `${rows} rows`).toBeLessThan(1e-12);
    }
  });

  test("a chunk encodes to the product with S, for an odd number of columns too", () => {
    const random = randomFrom(2);
    for (const workers of served) {
      for (const rows of [1, Math.min(37, encoding.chunkRows(workers))]) {
        const code = encoding.chunk(0, rows, workers, randomFrom(3));
        const s = encoded(
          code,
          matrix(rows, rows, (i, j) => (i === j ? 1 : 0)),
        );
        const x = matrix(rows, 7, () => random.normal());
        expect(apart(encoded(code, x).values, product(s, x).values)).toBeLessThan(1e-12);
        if (code.kind === "copies") expect(s.values.every((v) => v === 0 || v === 1)).toBe(true);
      }
    }
  });

  test("a stored row mixes the data rows that it says, or every one", () => {
    for (const workers of served) {
      const rows = encoding.chunkRows(workers) - (encoding.chunkRows(workers) > 1 ? 1 : 0);
      const code = encoding.chunk(0, rows, workers, randomFrom(3));
      if (code.kind === "copies" || rows > 256) continue;
      const s = encoded(
        code,
        matrix(rows, rows, (i, j) => (i === j ? 1 : 0)),
      );
      for (let stored = 0; stored < s.rows; stored++) {
        const mixed = [...row(s, stored).keys()].filter((at) => row(s, stored)[at] !== 0);
        const told = code.sources === undefined ? null : [...code.sources(stored)];
        if (told !== null) expect(told.sort((a, b) => a - b)).toEqual(mixed);
      }
      if (code.sources === undefined)
        expect(s.values.filter((v) => v === 0).length).toBeLessThan(s.rows * 2);
    }
  });

  test("encoding overwrites what is there and leaves its input alone", () => {
    const code = encoding.chunk(0, 5, served[0]!, randomFrom(3));
    if (code.kind === "copies") return;
    const values = Float32Array.of(1, -2, 3, -4, 5);
    const clean = new Float32Array(code.slots.length);
    code.encode(values, 1, clean);
    const dirty = new Float32Array(code.slots.length).fill(9);
    code.encode(values, 1, dirty);
    expect(dirty).toEqual(clean);
    expect(values).toEqual(Float32Array.of(1, -2, 3, -4, 5));
  });

  test("the same stream gives the same code, another stream another", () => {
    const codes = [1, 1, 2].map((seed) => storedCode(encoding, 101, served.at(-1)!, seed));
    const [first, again, other] = codes.map(({ s, slots }) => `${s.values.join()} ${slots.join()}`);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  test("all slots' weights give the exact sum if it is tight, for all rows and workers", () => {
    const random = randomFrom(4);
    for (const { code, workers, rows } of codes(encoding, served)) {
      const x = matrix(rows, 2, () => random.normal());
      const all = [...Array(workers).keys()];
      const weights = encoding.weights(all, code.shares, rows);
      expect(weights).toHaveLength(workers);
      const error = apart(weighted(sumsBySlot(code, x), all, weights!), x.values);
      // The rows' own weights are stored in single precision.
      if (isSigned) expect(error).toBeLessThan(2e-5);
      else if (encoding.tight) expect(error).toBeLessThan(1e-12);
      else if (rows > 1) expect(error).toBeGreaterThan(0.01);
    }
  });

  test("nobody and empty-handed slots allow no estimate; whoever holds rows does", () => {
    for (const { code, workers, rows } of codes(encoding, served)) {
      expect(encoding.weights([], code.shares, rows)).toBeNull();
      for (let slot = 0; slot < workers; slot++) {
        const weights = encoding.weights([slot], code.shares, rows);
        const isTooLittle = waitsOn && (isSigned ? workers > 4 : code.shares[slot]! < rows);
        if (isSigned && !isTooLittle) expect(weights?.every(Number.isFinite) ?? true).toBe(true);
        else if (code.shares[slot] === 0 || isTooLittle) expect(weights).toBeNull();
        else expect(weights!.every((weight) => weight > 0 && weight < Infinity)).toBe(true);
      }
    }
  });

  test("weights stand for all rows, whichever slots replied", () => {
    // With one everywhere, copies must add up to n. Mixtures: the weighted trace of S'S is n; where
    // rows have unequal norms, on average over all choices of slots.
    const workers = encoding.refusal(8) === null ? 8 : served.at(-1)!;
    const rows = 2 * encoding.chunkRows(workers);
    const code = storedCode(encoding, rows, workers);
    const squares = code.shares.map(() => 0);
    for (const [i, slot] of code.slots.entries())
      for (let j = 0; j < rows; j++)
        squares[slot]! += code.weights[i]! * code.s.values[i * rows + j]! ** 2;
    const sets = subsets(Math.min(workers, 8), 3).filter((set) => set.length > 0);
    const totals = sets.flatMap((arrived) => {
      const weights = encoding.weights(arrived, code.shares, rows);
      if (weights === null) expect(waitsOn).toBe(true);
      return weights === null
        ? []
        : [arrived.reduce((sum, slot, i) => sum + weights[i]! * squares[slot]!, 0) / rows];
    });
    if (unequal.has(type)) {
      expect(Math.abs(totals.reduce((a, b) => a + b) / totals.length - 1)).toBeLessThan(1e-12);
      expect(Math.max(...totals)).toBeGreaterThan(1.001);
    } else if (countsLess) {
      // Cyclic codes have their weights in single precision.
      const slack = isSigned ? 1e-5 : 0;
      for (const total of totals) expect(total <= 1 + slack && total > 0).toBe(true);
      if (waitsOn) for (const total of totals) expect(total).toBeGreaterThanOrEqual(1 - slack);
    } else for (const total of totals) expect(Math.abs(total - 1)).toBeLessThan(1e-12);
  });
});

function* codes(encoding: Encoding, workerCounts: readonly number[]) {
  for (const workers of workerCounts)
    for (const rows of rowCounts)
      yield { code: storedCode(encoding, rows, workers), workers, rows };
}

/** The largest difference between entries, relative to the largest entry. */
function apart(a: Float64Array, b: Float64Array): number {
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(b[i]!));
  }
  return worst / largest;
}

function weighted(
  sums: readonly { values: Float64Array }[],
  arrived: readonly number[],
  weights: readonly number[],
): Float64Array {
  const total = new Float64Array(sums[0]!.values.length);
  for (const [i, slot] of arrived.entries())
    for (let j = 0; j < total.length; j++) total[j]! += weights[i]! * sums[slot]!.values[j]!;
  return total;
}
