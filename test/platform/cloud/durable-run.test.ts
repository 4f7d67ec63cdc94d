import { LocalDurableTestRunner } from "@aws/durable-execution-sdk-js-testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCheckpoint } from "../../../src/journal/checkpoint.ts";
import { durableRun, type SegmentReport } from "../../../src/platform/cloud/durable-run.ts";
import { modelDigest, weightsDigest, wholeWeights } from "../../../src/run/model-weights.ts";
import type { SegmentEnd } from "../../../src/run/segment.ts";
import { afresh, scene, segment, table } from "../../simulation/simulated-run.ts";

const rounds = 23;
const spec = {
  problem: { type: "ridge", l2: 0.01 },
  workers: 4,
  wait: "all",
  optimizer: "gradient-descent",
  stop: { rounds, tolerance: 0 },
  weather: { model: "exponential", meanMs: 20 },
};

beforeAll(() => LocalDurableTestRunner.setupTestEnvironment({ skipTime: true }));
afterAll(() => LocalDurableTestRunner.teardownTestEnvironment());

test("segments, a crash within one and replays give the undisturbed weights", async () => {
  const start = await scene(spec, table(120, 4, 1));
  const undisturbed = await segment(await afresh(start));
  const place = await afresh(start);
  const begun: number[] = [];
  const owners = new Set<string>();
  const handler = durableRun(async (run, owner, remainingMs) => {
    owners.add(owner);
    expect(remainingMs()).toBeGreaterThan(0);
    begun.push((await readCheckpoint<{ round: number }>(place.store, run))?.state.round ?? 0);
    const control = new AbortController();
    let done = 0;
    const end = await segment(place, {
      signal: control.signal,
      listen(event) {
        if (event.type !== "round") return;
        done++;
        if (begun.length === 2 && done === 3) throw new Error("the environment died");
        if (done === 6) control.abort(new DOMException("the time is up", "TimeoutError"));
      },
    });
    return reportOf(run, end);
  });
  const runner = new LocalDurableTestRunner({ handlerFunction: handler });
  const execution = await runner.run({ payload: { run: start.record.run } });
  expect(execution.getStatus()).toBe("SUCCEEDED");
  expect(execution.getResult()).toMatchObject({
    stop: "done",
    rounds,
    weightsDigest: weightsDigest(wholeWeights(undisturbed.model)),
  });
  // Segments of one execution follow one another under one name.
  expect(owners.size).toBe(1);
  expect([...owners][0]).toMatch(/./);
  // Six rounds a segment; the one that died began again at a checkpoint it had written.
  const again = begun[2]!;
  expect(begun).toEqual([0, 6, again, again + 6, again + 12]);
  expect(again).toBeGreaterThanOrEqual(6);
  expect(again).toBeLessThanOrEqual(9);
  expect(runner.getOperation("segment-2").getStepDetails()?.attempt).toBe(2);
  const operations = execution.getOperations();
  console.log(`${operations.length} durable operations for 4 segments of 6 rounds, 4 workers`);
  expect(operations).toHaveLength(4 + 3);
});

test("a cancelled run ends its execution, and so does one out of budget", async () => {
  for (const reason of ["cancelled", "stop.seconds: 1 have passed"]) {
    const stop = reason === "cancelled" ? "interrupted" : "budget";
    const report = { run: "a", stop, reason, rounds: 3, weightsDigest: "" };
    const runner = new LocalDurableTestRunner({ handlerFunction: durableRun(async () => report) });
    const execution = await runner.run({ payload: { run: "a" } });
    expect(execution.getResult()).toEqual(report);
    expect(execution.getOperations()).toHaveLength(1);
  }
});

test.each([262_143, 262_144, 262_145])("a step whose result is %i bytes is kept", async (bytes) => {
  const report = { run: "a", stop: "budget", reason: "", rounds: 3, weightsDigest: "" };
  const reason = "ü".padEnd(bytes - Buffer.byteLength(JSON.stringify(report)) - 1, "x");
  const whole = { ...report, reason };
  expect(Buffer.byteLength(JSON.stringify(whole))).toBe(bytes);
  const runner = new LocalDurableTestRunner({ handlerFunction: durableRun(async () => whole) });
  const kept = (await runner.run({ payload: { run: "a" } })).getResult() as SegmentReport;
  expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThanOrEqual(262_144);
  expect(kept).toMatchObject({ run: "a", stop: "budget", rounds: 3 });
  if (bytes <= 262_144) expect(kept).toEqual(whole);
  else expect(kept.reason).toMatch(/^üx{262000,}…$/);
});

test("a segment that fails every time fails the execution, after six tries", async () => {
  let tries = 0;
  const handler = durableRun(async () => {
    tries++;
    throw new Error("no store");
  });
  const execution = await new LocalDurableTestRunner({ handlerFunction: handler }).run({
    payload: { run: "a" },
  });
  expect(execution.getStatus()).toBe("FAILED");
  expect(tries).toBe(6);
});

function reportOf(run: string, { stop, rounds: done, model }: SegmentEnd): SegmentReport {
  const reason = stop.kind === "done" ? "finished" : stop.reason;
  return { run, stop: stop.kind, reason, rounds: done, weightsDigest: modelDigest(model) };
}
