import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/engine/backoff.ts";
import type { ArrivalEvent, RunEvent } from "../../src/ports/events.ts";
import { replayedDigest } from "../scenarios/workplace.ts";
import { given, illCloud, undisturbed } from "./cloud.ts";
import { movableClock } from "./movable-clock.ts";

const throttled = (events: readonly RunEvent[]) =>
  events.filter(
    (event): event is ArrivalEvent =>
      event.type === "arrival" && (event.reason ?? "").includes("429"),
  );

test("bursts of 429: all refused thrice in every round, and the run ends the same", async () => {
  await using cloud = await illCloud({ faults: { lambda: { throttledRounds: 1, refusals: 3 } } });
  const { end, result, events } = await cloud.train();
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed());
  const refused = throttled(events);
  expect(refused).toHaveLength(3 * 3 * 3);
  expect(refused.every(({ usage }) => usage.costUsd === 0)).toBe(true);
  expect((await cloud.emulator.bill()).lambda.throttles).toBe(3 * 3 * 3);
  // Each waited for as long as its own name says.
  for (const { task, startedMs } of refused.filter((one) => one.task.endsWith("/try-3"))) {
    const before = refused.find((one) => one.task === task.replace("/try-3", "/try-2"))!;
    const waitedMs = startedMs - before.atMs;
    expect(waitedMs).toBeGreaterThan(retryAfterMs(2, before.task) - 1);
  }
  // Read back from the record, all of it comes out the same once more.
  await cloud.emulator.close();
  expect(await replayedDigest(cloud.home, result.run)).toBe(result.weightsDigest);
});

test("Retry-After is heeded, and recorded with the refusal", async () => {
  const faults = { lambda: { throttledRounds: 1, retryAfterSeconds: 1 } };
  await using cloud = await illCloud({ faults });
  const spec = { ...given, workers: 2, stop: { rounds: 1, tolerance: 0 } };
  const { end, events } = await cloud.train({ spec });
  expect(end.stop.kind).toBe("done");
  const refused = throttled(events);
  expect(refused.map(({ retryAfterMs }) => retryAfterMs)).toEqual([1_000, 1_000]);
  for (const { slot, atMs } of refused) {
    const next = events.find(
      (event): event is ArrivalEvent =>
        event.type === "arrival" && event.slot === slot && event.fate === "counted",
    );
    expect(next!.startedMs - atMs).toBeGreaterThan(998);
  }
});

test("a wish longer than the patience is cut to half of what is left of it", async () => {
  const patience = 10_000;
  const faults = { lambda: { throttledRounds: 1, retryAfterSeconds: 20 * patience } };
  await using cloud = await illCloud({ faults });
  const spec = { ...given, workers: 2, stop: { rounds: 1, tolerance: 0, patience } };
  const clock = movableClock();
  let refusals = 0;
  const { end, events } = await cloud.train({
    spec,
    clock,
    listen(event) {
      if (event.type !== "arrival" || event.fate !== "lost" || ++refusals !== 2) return;
      // Once what the refusal leads to has been done.
      setImmediate(() => clock.skip(500 * patience));
    },
  });
  expect(end.stop.kind).toBe("done");
  expect(refusals).toBe(2);
  for (const event of events)
    if (event.type === "arrival" && event.fate === "counted")
      expect(event.startedMs).toBeGreaterThanOrEqual(500 * patience);
});

test("fewer places than workers (reserved concurrency): all get their turn", async () => {
  await using cloud = await illCloud({ worker: { reservedConcurrency: 2, spares: 0 } });
  const { end, result, events } = await cloud.train();
  expect(end.stop.kind).toBe("done");
  expect(result.weightsDigest).toBe(await undisturbed());
  expect(throttled(events).length).toBeGreaterThan(0);
});

test("throttled for good: it gives up within the patience, and says why", async () => {
  const faults = { lambda: { throttledRounds: 1, refusals: 1_000 } };
  await using cloud = await illCloud({ faults });
  const clock = movableClock();
  let refusals = 0;
  const { end } = await cloud.train({
    clock,
    listen(event) {
      if (event.type === "arrival" && ++refusals === 12) clock.skip(1000 * given.stop.patience);
    },
  });
  expect(end.stop.kind).toBe("unfinished");
  expect(end.stop).toMatchObject({ reason: expect.stringMatching(/last: .*throttled.*429/) });
  // Nobody is asked again once it is over, however slow all of it was.
  expect(refusals).toBeLessThan(12 + given.workers);
});
