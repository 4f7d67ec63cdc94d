import { expect, test } from "vitest";
import { watchDivergence } from "../../src/run/divergence.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

const common = { workers: 4, stop: { rounds: 100, tolerance: 0 } };

test("a run that diverges stops, and says so", async () => {
  const optimizer = { type: "gradient-descent", step: 50 };
  const spec = { ...common, wait: "all", encoding: "uncoded", problem: "ridge", optimizer };
  const { stop, rounds } = await segment(await scene(spec, table(60, 3, 1)));
  expect(stop).toMatchObject({ kind: "unfinished", reason: expect.stringMatching(/it diverged/) });
  expect(rounds).toBeLessThan(20);
});

test("what never knew an objective does not diverge, and what stays small does not", () => {
  const watch = watchDivergence();
  const round = (objectiveEstimate: number, gradientNorm = 1) =>
    ({ type: "round", round: 0, objectiveEstimate, gradientNorm }) as never;
  for (const objective of [Number.NaN, Number.NaN, 2, 900, 1]) watch.record(round(objective));
  expect(watch.reason()).toBeNull();
  watch.record(round(Number.NaN));
  expect(watch.reason()).toMatch(/no numbers any more/);
});

test.each([
  ["all", "unfinished"],
  [{ fastest: 3 }, "done"],
])("a part that is damaged ends a run that waits for %j as %s, and at once", async (wait, kind) => {
  // Copies of rows would be one part of two slots.
  const encoding = { type: "hadamard", redundancy: 2 };
  const spec = { ...common, wait, encoding, problem: "ridge" };
  const start = await scene({ ...spec, stop: { rounds: 6, tolerance: 0 } }, table(60, 3, 1));
  const { key } = start.staged.encoded.slots[1]!.parts[0]!;
  const bytes = (await start.store.read(key))!;
  bytes[bytes.length - 1]! ^= 1;
  await start.store.write(key, bytes);
  const { stop, elapsedMs, rounds } = await segment(start);
  expect(stop.kind).toBe(kind);
  if (stop.kind === "done") expect(rounds).toBe(6);
  else {
    expect(stop.reason).toContain(key);
    expect(stop.reason).toMatch(/kofn encode SPEC makes it again/);
    // Patience is a minute.
    expect(elapsedMs).toBeLessThan(5_000);
  }
});
