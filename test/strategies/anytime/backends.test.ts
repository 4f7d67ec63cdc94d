import { expect, test } from "vitest";
import type { ArrivalEvent, RunEvent } from "../../../src/ports/events.ts";
import { replayedDigest, runOn, temporaryHome } from "../../scenarios/workplace.ts";

const spec = {
  problem: { type: "logistic", l2: 0.01 },
  data: { generate: { type: "classification", rows: 400, features: 20 }, test: 0 },
  workers: 4,
  strategy: { type: "anytime", seconds: 0.05, block: 8 },
  stop: { rounds: 6, tolerance: 0 },
};
/** One slot is late for longer than the time of a round. */
const oneLate = { model: "trace", delaysMs: [[0, 20, 0, 200]] };

async function recordedOn(backend: string, change: object = {}) {
  await using home = await temporaryHome();
  const arrivals: ArrivalEvent[] = [];
  const listen = (event: RunEvent) => event.type === "arrival" && arrivals.push(event);
  const { record, result, end } = await runOn(
    backend,
    home.path,
    { ...spec, ...change },
    { listen },
  );
  expect(end.stop).toEqual({ kind: "done" });
  expect(await replayedDigest(home.path, record.run)).toBe(result.weightsDigest);
  return arrivals.filter(({ fate }) => fate === "counted");
}

test("simulated: rows follow from lateness, and a replay takes as many", async () => {
  // A shard of 100 rows takes 50 ms.
  const weather = { ...oneLate, baseMs: 0, workMsPerMillion: 50e6 / (100 * 22) };
  const arrivals = await recordedOn("simulated", { weather });
  const rowsOf = (slot: number) =>
    new Set(arrivals.filter((one) => one.slot === slot).map(({ rows }) => rows));
  expect(rowsOf(1)).toEqual(new Set([64]));
  expect(rowsOf(3)).toEqual(new Set([8]));
});

test("threads: whatever real clocks allow is recorded, and a replay takes as many", async () => {
  const strategy = { type: "anytime", seconds: 0.000_1, block: 2 };
  const arrivals = await recordedOn("threads", { strategy });
  expect(arrivals).toHaveLength(24);
  for (const { rows } of arrivals) expect(rows).toBeGreaterThanOrEqual(2);
});

test("emulated: what passes before the event comes is the invocation's time", async () => {
  const arrivals = await recordedOn("emulated", { weather: oneLate });
  for (const { slot, rows } of arrivals) if (slot === 3) expect(rows).toBe(8);
  expect(arrivals.some(({ slot, rows }) => slot !== 3 && rows! > 8)).toBe(true);
});
