import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readCheckpoint } from "../../src/journal/checkpoint.ts";
import { finishRun, readHistory } from "../../src/run/finish.ts";
import { weightsDigest, wholeWeights } from "../../src/run/model-weights.ts";
import type { RunSpec } from "../../src/spec/run-spec.ts";
import { flakyStore } from "../doubles/flaky-store.ts";
import { twice } from "../run/virtual-run.ts";
import {
  afresh,
  interruptAt,
  killAt,
  type Scene,
  scene,
  segment,
  table,
  throughout,
} from "./simulated-run.ts";

const text = table(90, 4, 3);
const spec = {
  problem: { type: "ridge", l2: 0.05 },
  workers: 6,
  wait: "all",
  stop: { rounds: 8, tolerance: 0 },
  weather: { model: "late", probability: 0.2, delayMs: 70, failures: 0.1, duplicates: 0.1 },
  seed: 4,
};
const kinds: [string, { readonly problem?: { readonly type: string } }][] = [
  ["all", {}],
  ["all, gradient descent", { optimizer: "gradient-descent" } as object],
  ["the fastest", { wait: { fastest: 4 } } as object],
  ["a deadline", { wait: { deadline: 30, atLeast: 2 } } as object],
  ["logistic", { problem: { type: "logistic" } }],
];

const sceneFor = (more: { readonly problem?: { readonly type: string } }) =>
  scene({ ...spec, ...more }, more.problem?.type === "logistic" ? table(90, 4, 3, true) : text);

async function digestOf(start: Scene, how = {}): Promise<string> {
  const end = await segment(start, how);
  expect(end.stop).toEqual({ kind: "done" });
  return weightsDigest(wholeWeights(end.model));
}

describe("the same spec and seed", () => {
  it.each(kinds)(
    "give the same weights twice, replies repeated or not: %s",
    async (_kind, more) => {
      const start = await sceneFor(more);
      const digest = await digestOf(await afresh(start));
      const again = await sceneFor(more);
      expect(await digestOf(again)).toBe(digest);
      expect(await digestOf(await afresh(start), { around: twice(null) })).toBe(digest);
      expect(await digestOf(await afresh(start), { around: twice(29) })).toBe(digest);
    },
  );

  it("another seed gives other weights where not all replies count", async () => {
    const more = { wait: { fastest: 4 } };
    const other = await scene({ ...spec, ...more, seed: 5 }, text);
    expect(await digestOf(other)).not.toBe(await digestOf(await scene({ ...spec, ...more }, text)));
  });
});

describe("interrupted at every k-th arrival and resumed", () => {
  const deadline = { wait: { deadline: 30, atLeast: 2 } };
  const sky = { model: "late", probability: 0.2, delayMs: 15, failures: 0.1 };
  it.each([
    ["all", {}, 17],
    ["all, gradient descent", { optimizer: "gradient-descent" }, 11],
    ["a deadline", { ...deadline, weather: sky }, 19],
  ])("it ends in the same bits: %s", async (_kind, more, every) => {
    const start = await scene({ ...spec, ...more }, text);
    const digest = await digestOf(await afresh(start));
    const { end, segments } = await throughout(start, () => interruptAt(every));
    expect(segments).toBeGreaterThan(4);
    expect(weightsDigest(wholeWeights(end.model))).toBe(digest);
    const { prepared } = start.staged;
    const result = await finishRun(start.record, prepared, end, start.store);
    expect(result.weightsDigest).toBe(digest);
    const history = await readHistory(start.store, start.record.run);
    const told = history.flatMap((event) => (event.type === "round" ? [event.round] : []));
    expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("a kill before any single write changes nothing either", async () => {
    const start = await scene(spec, text);
    const digest = await digestOf(await afresh(start));
    for (let count = 1; count <= 14; count++) {
      const hurt = await afresh(start);
      const { end } = await throughout(hurt, (at) => (at === 1 ? killAt(hurt.store, count) : {}));
      expect(weightsDigest(wholeWeights(end.model))).toBe(digest);
    }
  });
});

describe("stores that fail at random", () => {
  it.each([1, 2, 3])("never change the weights nor lose a checkpoint (%i)", async (seed) => {
    const start = await scene(spec, text);
    const digest = await digestOf(await afresh(start));
    const store = flakyStore(start.store, { seed, failures: 0.15, lostReplies: 0.1 });
    let saved = 0;
    for (let count = 1; ; count++) {
      const how = count < 4 ? interruptAt(25) : {};
      // A segment whose reads fail falls over; whoever drives it starts it again.
      const end = await segment(start, { ...how, store }).catch(() => null);
      const checkpoint = await readCheckpoint<{ round: number }>(start.store, start.record.run);
      const round = checkpoint?.state.round ?? 0;
      expect(round).toBeGreaterThanOrEqual(saved);
      saved = round;
      if (end?.stop.kind !== "done") continue;
      expect(weightsDigest(wholeWeights(end.model))).toBe(digest);
      expect(saved).toBe(8);
      break;
    }
  });

  it("end the run as unfinished when they stay away, with what was saved before", async () => {
    const start = await scene({ ...spec, stop: { rounds: 400, tolerance: 0 } }, text);
    // Its patience with the store is real time; here that passes at once.
    vi.useFakeTimers({ toFake: ["setTimeout"] }).setTimerTickMode("nextTimerAsync");
    onTestFinished(() => void vi.useRealTimers());
    let writes = 0;
    const failing = {
      ...start.store,
      async write(key: string, bytes: Uint8Array) {
        if (++writes > 4) throw new Error("503 Slow Down");
        await start.store.write(key, bytes);
      },
    };
    const end = await segment(start, { store: failing });
    expect(end.stop).toMatchObject({
      kind: "unfinished",
      reason: "the checkpoint could not be written: 503 Slow Down",
    });
    const checkpoint = await readCheckpoint(start.store, start.record.run);
    expect(checkpoint?.sequence).toBe(2);
  });
});

describe("a run that must stop early", () => {
  const more = (start: Scene, stop: Partial<RunSpec["stop"]>): Scene => ({
    ...start,
    record: {
      ...start.record,
      spec: { ...start.record.spec, stop: { ...start.record.spec.stop, ...stop } },
    },
  });

  // A bound is kept of dollars: rounds must cost something next to starts.
  const dear = { ...spec.weather, model: "late", probability: 0.3, delayMs: 20_000 };
  it.each([
    ["seconds", spec.weather],
    ["dollars", dear],
  ])("stops when its %s are spent, and goes on with more", async (what, weather) => {
    const start = await scene({ ...spec, weather }, text);
    const calm = await segment(await afresh(start));
    const all = what === "seconds" ? calm.elapsedMs / 1000 : calm.totals.costUsd;
    const end = await segment(more(start, { [what]: 0.97 * all }));
    expect(end.stop).toMatchObject({ kind: "budget", reason: expect.stringContaining(what) });
    expect(end.rounds).toBeGreaterThan(0);
    expect(end.rounds).toBeLessThan(8);
    const still = await segment(more(start, { [what]: 0.97 * all }));
    // A kind that has been metered is forecast otherwise: the words have another figure.
    expect([still.stop.kind, still.rounds]).toEqual([end.stop.kind, end.rounds]);
    const rest = more(start, { seconds: 1000, dollars: 1 });
    expect(await digestOf(rest)).toBe(weightsDigest(wholeWeights(calm.model)));
  });

  it("gives up within its patience when too few slots live, and names them", async () => {
    const weather = { ...spec.weather, deadSlots: [1, 4] };
    const stop = { rounds: 8, tolerance: 0, patience: 5 };
    const start = await scene({ ...spec, wait: { fastest: 5 }, weather, stop }, text);
    const end = await segment(start);
    expect(end.stop).toMatchObject({ kind: "unfinished" });
    expect((end.stop as { reason: string }).reason).toContain("silent slots: 1, 4");
    expect(end.elapsedMs).toBeLessThan(7000);
    const alive = await scene({ ...spec, wait: { fastest: 4 }, weather, stop }, text);
    expect((await segment(alive)).stop).toEqual({ kind: "done" });
  });

  it("is evaluated all the same, and its model holds the weights so far", async () => {
    const start = await scene(spec, text);
    const end = await segment(start, interruptAt(40));
    const result = await finishRun(start.record, start.staged.prepared, end, start.store);
    expect(result.rounds).toBe(end.rounds);
    expect(result.objective).toBeGreaterThan(0);
    expect(await start.store.read(result.model)).not.toBeNull();
  });
});
