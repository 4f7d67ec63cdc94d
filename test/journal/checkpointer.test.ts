import { describe, expect, it } from "vitest";
import { readBatches, readCheckpoint, readLog } from "../../src/journal/checkpoint.ts";
import { checkpointer } from "../../src/journal/checkpointer.ts";
import { batchEventsMax } from "../../src/journal/event-log.ts";
import type { ArrivalEvent, RunEvent } from "../../src/ports/events.ts";
import type { Store } from "../../src/ports/store.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { eventsKey, stateKey } from "../../src/store-layout.ts";

const of = { run: "r", shape: { strategy: "toy", version: 3, kofn: "0.0.7" } };

const arrival = (atMs: number): ArrivalEvent => ({
  type: "arrival",
  atMs,
  task: `task-${atMs}`,
  slot: 0,
  startedMs: 0,
  fate: atMs % 2 === 0 ? "counted" : "late",
  usage: { billedMs: 1, coldStart: false, bytesDown: 2, bytesUp: 3, costUsd: 0.5 },
});

/** A store whose writes wait until they are let through, one by one. */
function gated(): { store: Store; keys: string[]; letOneThrough(): Promise<void> } {
  const inner = memoryStore();
  const keys: string[] = [];
  const gates: { open: () => void; done: Promise<void> }[] = [];
  const store: Store = {
    ...inner,
    async write(key, bytes) {
      keys.push(key);
      const [gate, written] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      gates.push({ open: gate.resolve, done: written.promise });
      await gate.promise;
      await inner.write(key, bytes);
      written.resolve();
    },
  };
  const letOneThrough = async () => {
    while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const { open, done } = gates.shift()!;
    open();
    await done;
  };
  return { store, keys, letOneThrough };
}

describe("the recorder", () => {
  it("writes a state's events before the state, and its totals as of the save", async () => {
    const { store, keys, letOneThrough } = gated();
    const log = checkpointer<{ round: number }>(store, of, null, { pauseMs: 0 });
    log.tell(arrival(1));
    log.save({ round: 1 }, 1);
    log.tell(arrival(2));
    log.save({ round: 2 }, 2);
    log.tell(arrival(3));
    log.save({ round: 3 }, 3);
    log.tell(arrival(4));
    for (let i = 0; i < 4; i++) await letOneThrough();
    expect(keys).toEqual([eventsKey("r", 1), stateKey("r"), eventsKey("r", 2), stateKey("r")]);
    const checkpoint = await readCheckpoint<{ round: number }>(store, "r");
    expect(checkpoint).toMatchObject({
      ...of.shape,
      sequence: 2,
      elapsedMs: 3,
      state: { round: 3 },
    });
    expect(checkpoint?.totals).toMatchObject({ invocations: 3, erasures: 2, costUsd: 1.5 });
    const times = ({ events }: { events: readonly RunEvent[] }) =>
      events.map((event) => event.type === "arrival" && event.atMs);
    expect(times(await readBatches(store, "r", { upTo: 2 }))).toEqual([1, 2, 3]);
    expect(times(await readBatches(store, "r", { upTo: 2, after: 1 }))).toEqual([2, 3]);
    expect(log.totals().invocations).toBe(4);
  });

  it("goes on counting where a checkpoint stopped, and flushes what came since", async () => {
    const store = memoryStore();
    const first = checkpointer<{ round: number }>(store, of, null);
    first.save({ round: 0 }, 0);
    first.tell(arrival(1));
    await first.flush(7);
    const before = (await readCheckpoint<{ round: number }>(store, "r"))!;
    expect(before).toMatchObject({ elapsedMs: 7, totals: { invocations: 1 }, state: { round: 0 } });
    const second = checkpointer(store, of, before);
    second.tell(arrival(2));
    await second.flush(9);
    const after = (await readCheckpoint<{ round: number }>(store, "r"))!;
    expect(after).toMatchObject({ totals: { invocations: 2 }, state: { round: 0 } });
    const { events } = await readLog(store, "r", after);
    expect(events).toEqual([arrival(1), arrival(2)]);
  });

  it("rests between writes, but for no longer than until a batch is full", async () => {
    const store = memoryStore();
    const log = checkpointer<{ round: number }>(store, of, null, { pauseMs: 3_600_000 });
    const written = async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      return (await readCheckpoint<{ round: number }>(store, "r"))?.state.round;
    };
    log.save({ round: 1 }, 1);
    expect(await written()).toBe(1);
    for (let i = 1; i < batchEventsMax; i++) log.tell(arrival(i));
    log.save({ round: 2 }, 2);
    expect(await written()).toBe(1);
    log.tell(arrival(0));
    log.save({ round: 3 }, 3);
    expect(await written()).toBe(3);
    log.save({ round: 4 }, 4);
    expect(await written()).toBe(3);
    await log.flush(5);
    expect(await written()).toBe(4);
  });
});
