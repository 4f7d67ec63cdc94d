import { expect, test } from "vitest";
import { noTotals } from "../../src/journal/checkpoint.ts";
import { readLatest } from "../../src/platform/training/run-latest.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { Store } from "../../src/ports/store.ts";
import { foldRun } from "../../src/report/fold.ts";
import { finishRun, readHistory, readJson } from "../../src/run/finish.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { eventsKey, resultKey, stateKey } from "../../src/store-layout.ts";
import { toPacket } from "../../src/wire/packet.ts";
import { interruptAt, type Scene, scene, segment, table } from "../simulation/simulated-run.ts";

const isNews = ({ type }: RunEvent) => type === "round" || type === "resumed" || type === "stopped";
const wanted = { count: 5, isNews };

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  workers: 4,
  wait: { fastest: 3 },
  stop: { rounds: 12, tolerance: 0 },
  weather: { model: "late", probability: 0.3, delayMs: 60, failures: 0.1 },
};

/** What the two ends tell is what the whole history does. */
async function expectSame({ record: { run }, store }: Scene): Promise<void> {
  const events = await readHistory(store, run);
  const { figures, facts } = foldRun(run, events);
  const latest = await readLatest(store, run, await readJson(store, resultKey(run)), wanted);
  const { objective, objectiveIsEstimate, rounds, erasures, bytesUp, bytesDown } = figures;
  expect(latest).toMatchObject({ objective, objectiveIsEstimate, rounds, erasures, facts });
  expect(latest).toMatchObject({ bytesUp, bytesDown, train: figures.train, test: figures.test });
  expect(latest.seconds).toBeCloseTo(figures.seconds, 9);
  expect(latest.dollars).toBeCloseTo(figures.dollars, 12);
  expect(latest.events).toEqual(events.filter(isNews).slice(-5));
}

test("interrupted, resumed, interrupted again, done and reported", async () => {
  const start = await scene(spec, table(90, 4, 3));
  await segment(start, interruptAt(30));
  await expectSame(start);
  await segment(start, interruptAt(31));
  await expectSame(start);
  const end = await segment(start);
  await expectSame(start);
  await finishRun(start.record, start.staged.prepared, end, start.store);
  await expectSame(start);
});

test("a run without events", async () => {
  const latest = await readLatest(memoryStore(), "r", null, wanted);
  expect(latest).toMatchObject({ facts: null, rounds: 0, objective: null, events: [] });
});

test("ten events of a long run are read from its end, not from its beginning", async () => {
  const inner = memoryStore();
  const round = (at: number): RunEvent => ({
    type: "round",
    atMs: at,
    startedMs: at - 1,
    round: at,
    counted: [],
    objectiveEstimate: 1 / at,
    gradientNorm: 1,
    stepSize: 1,
  });
  const sequence = 400;
  for (let at = 1; at <= sequence; at++)
    await inner.write(eventsKey("r", at), toPacket({ events: [round(at)], traces: [] }));
  const totals = { ...noTotals, costUsd: 0.25 };
  const state = { sequence, elapsedMs: 9, totals, state: {} };
  await inner.write(stateKey("r"), toPacket(state));
  let reads = 0;
  const store: Store = {
    ...inner,
    read(key) {
      reads++;
      return inner.read(key);
    },
  };
  const latest = await readLatest(store, "r", null, { count: 10, isNews });
  // The checkpoint, ten batches, and the first one.
  expect(reads).toBe(12);
  expect(latest).toMatchObject({ rounds: 401, objective: 1 / 400, dollars: 0.25 });
  expect(latest.events).toHaveLength(10);
});
