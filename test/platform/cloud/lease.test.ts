import { describe, expect, test } from "vitest";
import {
  announceStart,
  type HeldLease,
  isOrchestrated,
  readLease,
  takeLease,
} from "../../../src/platform/cloud/lease.ts";
import { runSegmentFrom } from "../../../src/platform/cloud/segment-report.ts";
import type { Store } from "../../../src/ports/store.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { eventsKey, recordKey, stateKey } from "../../../src/store-layout.ts";
import { flakyStore } from "../../doubles/flaky-store.ts";

const run = "a-run";
const byte = Uint8Array.of(1);
const minuteMs = 60_000;
const isSuperseded = expect.objectContaining({ code: "superseded", kind: "unfinished" });

/** The lease as it is at some moment of a clock that stands still. */
function taking(store: Store, owner: string, atMs: number): Promise<HeldLease> {
  return takeLease(store, run, owner, () => atMs);
}

describe("one orchestrator at a time", () => {
  test.each([1, 2, 3])("of many that begin at once one may write (%d)", async (seed) => {
    const store = flakyStore(memoryStore(), { seed, turns: 3 });
    const owners = Array.from({ length: 8 }, (_, i) => `execution-${i}`);
    const taken = await Promise.allSettled(owners.map((owner) => taking(store, owner, 0)));
    const writes = await Promise.allSettled(
      taken.flatMap((one) =>
        one.status === "fulfilled" ? [one.value.store.write(stateKey(run), byte)] : [],
      ),
    );
    expect(writes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const one of taken) if (one.status === "fulfilled") one.value.stop();
    for (const { reason } of taken.filter((one) => one.status === "rejected"))
      expect(reason).toEqual(isSuperseded);
  });

  test("another one waits for two minutes of silence, and is then the only one", async () => {
    const store = memoryStore();
    const first = await taking(store, "one", 0);
    await first.store.write(stateKey(run), byte);
    await expect(taking(store, "two", 1.9 * minuteMs)).rejects.toEqual(isSuperseded);
    const second = await taking(store, "two", 2.1 * minuteMs);
    await second.store.write(stateKey(run), Uint8Array.of(2));
    await expect(first.store.write(stateKey(run), byte)).rejects.toEqual(isSuperseded);
    await expect(first.store.remove(stateKey(run))).rejects.toEqual(isSuperseded);
    await expect(first.store.writeOnce("runs/a-run/x", byte)).rejects.toEqual(isSuperseded);
    await expect(first.release(true)).rejects.toEqual(isSuperseded);
    expect(await store.read(stateKey(run))).toEqual(Uint8Array.of(2));
    expect(await readLease(store, run)).toMatchObject({ owner: "two", epoch: 2 });
    second.stop();
  });

  test("an execution follows upon itself at once: segments, and tries after a crash", async () => {
    const store = memoryStore();
    (await taking(store, "one", 0)).stop();
    const again = await taking(store, "one", 10);
    await again.store.write(stateKey(run), byte);
    await again.release(false);
    await expect(taking(store, "two", 20)).rejects.toEqual(isSuperseded);
  });

  test("a batch of events that one orchestrator wrote is not overwritten by another", async () => {
    const store = memoryStore();
    const first = await taking(store, "one", 0);
    await first.store.write(eventsKey(run, 1), byte);
    // Again after a lost reply: the same batch is fine, another is not.
    await first.store.write(eventsKey(run, 1), byte);
    await expect(first.store.write(eventsKey(run, 1), Uint8Array.of(2))).rejects.toThrow(
      /another orchestrator of a-run has written runs\/a-run\/events\/00000001/,
    );
    first.stop();
  });
});

describe("what a person sees", () => {
  test("live from the start's announcement to the end, or until nothing was heard", async () => {
    const store = memoryStore();
    expect(await isOrchestrated(store, run, 0)).toBe(false);
    await announceStart(store, run, 0);
    expect(await isOrchestrated(store, run, 2.9 * minuteMs)).toBe(true);
    expect(await isOrchestrated(store, run, 3.1 * minuteMs)).toBe(false);
    const lease = await taking(store, "one", 4 * minuteMs);
    expect(await isOrchestrated(store, run, 5.9 * minuteMs)).toBe(true);
    expect(await isOrchestrated(store, run, 6.1 * minuteMs)).toBe(false);
    await lease.release(true);
    expect(await isOrchestrated(store, run, 4 * minuteMs)).toBe(false);
  });

  test("a second start is refused while an orchestrator is at it", async () => {
    const store = memoryStore();
    expect(await announceStart(store, run, 0)).toBe(0);
    // Asked for twice before it began: one number, so one name, so one execution.
    expect(await announceStart(store, run, 1)).toBe(0);
    const lease = await taking(store, "one", 2);
    await expect(announceStart(store, run, 3)).rejects.toEqual(isSuperseded);
    expect(await announceStart(store, run, 3 * minuteMs)).toBe(1);
    lease.stop();
  });
});

test("a segment of a run that began in another arithmetic ends at once, for good", async () => {
  const store = memoryStore();
  const record = new TextEncoder().encode(JSON.stringify({ version: 1, run }));
  await store.write(recordKey(run), record);
  const how = { run, workers: { worker: "none" }, owner: "one", goesOn: true };
  const report = await runSegmentFrom(store, { ...how, remainingMs: () => minuteMs });
  expect(report).toMatchObject({ stop: "other-arithmetic", rounds: 0 });
  expect(report.reason).toMatch(/a-run began in arithmetic 1/);
  expect(await store.list("runs/")).toEqual([recordKey(run)]);
});
