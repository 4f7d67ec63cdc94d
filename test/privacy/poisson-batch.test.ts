import { describe, expect, test } from "vitest";
import { coinRate, poissonBatch, secretBits } from "../../src/privacy/mechanisms/secret-draws.ts";

const secret = new Uint8Array(32).fill(7);

describe("a Poisson batch", () => {
  test("has every record by a coin of its own: counts and pairs as coins have them", () => {
    const records = 40;
    const draws = 4_000;
    const rate = 0.3;
    const counts = new Float64Array(records);
    let squares = 0;
    let pairs = 0;
    for (let draw = 0; draw < draws; draw++) {
      const batch = poissonBatch(records, rate, secretBits(secret, `batch/${draw}`));
      for (const record of batch) counts[record]!++;
      squares += (batch.length - records * rate) ** 2;
      if (batch.includes(3) && batch.includes(4)) pairs++;
    }
    const error = Math.sqrt((rate * (1 - rate)) / draws);
    for (const count of counts) expect(Math.abs(count / draws - rate)).toBeLessThan(4.5 * error);
    // A batch of a fixed size would have no variance; its account would not be this one.
    const variance = records * rate * (1 - rate);
    expect(Math.abs(squares / draws / variance - 1)).toBeLessThan(4 * Math.sqrt(2.2 / draws));
    const together = Math.sqrt((rate ** 2 * (1 - rate ** 2)) / draws);
    expect(Math.abs(pairs / draws - rate ** 2)).toBeLessThan(4 * together);
  });

  test("one more record changes no other's coin", () => {
    const few = poissonBatch(50, 0.5, secretBits(secret, "a"));
    const more = poissonBatch(51, 0.5, secretBits(secret, "a"));
    expect(more.filter((record) => record < 50)).toEqual(few);
  });

  test("the same use draws the same batch, another use another", () => {
    const batch = (use: string) => poissonBatch(200, 0.5, secretBits(secret, use));
    expect(batch("round 1")).toEqual(batch("round 1"));
    expect(batch("round 1")).not.toEqual(batch("round 2"));
  });

  test("at rate 1 it is everybody; a coin is never rarer than asked", () => {
    expect(poissonBatch(30, 1, secretBits(secret, "x")).length).toBe(30);
    expect(poissonBatch(30, 1e-12, secretBits(secret, "x")).length).toBe(0);
    for (const rate of [1e-12, 0.1, 1 / 3, 0.999999999999, 1]) {
      expect(coinRate(rate)).toBeGreaterThanOrEqual(rate);
      expect(coinRate(rate) - rate).toBeLessThan(2 ** -32);
    }
  });
});
