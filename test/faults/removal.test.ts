import { expect, test } from "vitest";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { readRecord } from "../../src/journal/run-record.ts";
import { ensureBucket } from "../../src/platform/local/s3-access.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { given, illCloud } from "./cloud.ts";
import { movableClock } from "./movable-clock.ts";

test("a stage removed while a run is on: it stops within its patience and says so", async () => {
  await using cloud = await illCloud({});
  const clock = movableClock();
  const spec = { ...given, stop: { rounds: 9, tolerance: 0, patience: 30 } };
  let removed: Promise<void> | null = null;
  let refusals = 0;
  const listen = (event: RunEvent) => {
    if (event.type === "round" && event.round === 3) removed ??= cloud.emulator.remove("worker");
    // Once every slot has been refused, nobody need wait for the patience to run out.
    if (event.type === "arrival" && event.fate === "lost" && ++refusals === 6)
      setImmediate(() => clock.skip(1000 * spec.stop.patience));
  };
  const { end, result } = await cloud.train({ spec, clock, listen });
  await removed;
  expect(end.stop).toMatchObject({
    kind: "unfinished",
    reason: expect.stringMatching(
      /Lambda has no function worker: was the stage removed\? npx sst deploy/,
    ),
  });
  const store = await ensureBucket(cloud.access);
  const record = await readRecord(store, result.run);
  const checkpoint = await readCheckpoint<{ round: number }>(store, record.run);
  expect(checkpoint!.state.round).toBeGreaterThanOrEqual(3);
});
