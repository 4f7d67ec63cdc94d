import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bits, perform } from "../../scripts/bits/perform.ts";
import { bitsRuns } from "../../scripts/bits/runs.ts";
import { difference, recordedBits } from "../../scripts/bits.ts";
import { arithmetic } from "../../src/run/arithmetic.ts";
import released from "./names.json" with { type: "json" };

/*
 * The numbers of whole runs, recorded. A change that alters any of them on purpose raises the
 * arithmetic's number and records anew: npm run bits -- --write
 */

const recorded = recordedBits();
let home = "";
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kofn-bits-"));
});
afterAll(() => rm(home, { recursive: true }));

// What was recorded in another arithmetic is nothing to compare with: `npm run bits` then fails.
const isComparable = recorded.arithmetic === arithmetic;
const quick = Object.entries(bitsRuns).filter(([, run]) => run.quick);

test.runIf(isComparable).each(quick)(
  "%s: the weights and arrivals that were recorded",
  async (name, run) => {
    const now = await perform(name, run, home);
    expect(difference(recorded.runs[name], now)).toBeNull();
  },
);

test("what is recorded is what is run", () => {
  expect(Object.keys(recorded.runs).sort()).toEqual(Object.keys(bitsRuns).sort());
  const specs = Object.values(bitsRuns);
  expect(specs.length).toBeGreaterThanOrEqual(40);
  const emulated = specs.filter(({ backend }) => backend === "emulated");
  expect(emulated.length).toBeGreaterThanOrEqual(10);
  for (const workers of [1, 4, 16])
    expect(specs.some(({ spec }) => spec.workers === workers)).toBe(true);
});

test("every strategy, encoding, optimizer and compressor is in one of them", () => {
  const missing: string[] = [];
  const text = JSON.stringify(Object.values(bitsRuns).map(({ spec }) => spec));
  const usual = ["rounds"];
  for (const family of ["problem", "encoding", "strategy", "optimizer", "compression"] as const)
    for (const name of Object.keys(released[family]))
      if (!text.includes(`"${name}"`) && !usual.includes(name)) missing.push(`${family} ${name}`);
  expect(missing).toEqual([]);
});

test("a difference is told, and which promise it breaks", () => {
  const bits: Bits = { rounds: 3, weights: "aa", arrivals: "bb" };
  expect(difference(bits, { ...bits })).toBeNull();
  expect(difference(bits, { ...bits, rounds: 4 })).toBe("rounds: 3 were recorded");
  expect(difference(bits, { ...bits, weights: "ab" })).toBe("weights: aa were recorded");
  expect(difference(bits, { ...bits, arrivals: "bc" })).toMatch(/task names, times or fates/);
  expect(difference(undefined, bits)).toMatch(/not recorded/);
});
