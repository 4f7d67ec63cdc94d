import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readCheckpoint, readLog } from "../../src/journal/checkpoint.ts";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { replayRun } from "../../src/platform/training/replay-run.ts";
import { trainFurther, trainNew } from "../../src/platform/training/train.ts";
import type { ArrivalSummary, RunEvent } from "../../src/ports/events.ts";
import { foldRun } from "../../src/report/fold.ts";
import { weightsDigest, wholeWeights } from "../../src/run/model-weights.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { twice } from "../run/virtual-run.ts";
import {
  afresh,
  type Disturbance,
  interruptAt,
  scene,
  segment,
  table,
  throughout,
} from "./simulated-run.ts";

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  workers: 20,
  wait: { fastest: 14 },
  stop: { rounds: 12, tolerance: 0 },
  weather: {
    model: "late",
    probability: 0.3,
    delayMs: 60,
    failures: 0.1,
    duplicates: 0.1,
    coldStartMs: 150,
  },
  seed: 3,
};
const text = table(200, 4, 1);
const isSum = (event: RunEvent): event is ArrivalSummary => event.type === "arrivals";

async function told(more: object, how: Disturbance) {
  const start = await scene({ ...spec, ...more }, text);
  const events: RunEvent[] = [];
  const end = await segment(start, { ...how, listen: (event) => events.push(event) });
  expect(end.stop).toEqual({ kind: "done" });
  return { start, end, events };
}

describe("a simulation that hurries", () => {
  const ways: [string, object][] = [
    ["the fastest", {}],
    ["all, gradient descent", { wait: "all", optimizer: "gradient-descent" }],
    ["a deadline", { wait: { deadline: 40, atLeast: 3 } }],
    ["repeated replies", { around: twice(7) }],
    ["every reply at once", { weather: { model: "calm", failures: 0.2 } }],
    [
      "few environments, many late",
      { weather: { ...spec.weather, probability: 0.9, hangs: 0.05 } },
    ],
    ["copies of the slow", { wait: { speculate: { after: 0.5, factor: 1.5 } } }],
  ];

  it.each(ways)("tells what one tells that rests and computes everything: %s", async (_, more) => {
    const { around, ...changes } = more as { around?: NonNullable<Disturbance["around"]> };
    const how = around === undefined ? {} : { around };
    const quick = await told(changes, how);
    const plain = await told(changes, { ...how, isPlain: true });
    expect(quick.events).toEqual(plain.events);
    expect(weightsDigest(wholeWeights(quick.end.model))).toBe(
      weightsDigest(wholeWeights(plain.end.model)),
    );
    expect(quick.end.totals).toEqual(plain.end.totals);
  });
});

describe("replies told in sums", () => {
  const sums = { repliesToldMax: 100 };

  it("change neither weights nor time nor totals, and add up to the same report", async () => {
    const one = await told({}, {});
    const all = await told({}, sums);
    expect(all.events.some(isSum)).toBe(true);
    expect(one.events.some(isSum)).toBe(false);
    expect(weightsDigest(wholeWeights(all.end.model))).toBe(
      weightsDigest(wholeWeights(one.end.model)),
    );
    expect(all.end.elapsedMs).toBe(one.end.elapsedMs);
    expect(all.end.totals).toEqual(one.end.totals);
    const [few, full] = [foldRun("few", all.events), foldRun("full", one.events)];
    const { dollars, ...figures } = few.figures;
    expect({ ...figures, dollars: full.figures.dollars }).toEqual(full.figures);
    expect(dollars).toBeCloseTo(full.figures.dollars, 12);
    expect(few.pace.replies).toBe(full.pace.replies);
    expect(few.pace.medianMs! / full.pace.medianMs!).toBeCloseTo(1, 1);
    expect(few.spending.at(-1)!.usedUsd).toBeCloseTo(full.spending.at(-1)!.usedUsd, 12);
    expect(few.losses.reduce((sum, { count }) => sum + count, 0)).toBe(full.figures.arrivals.lost);
    expect(few.slots.length).toBe(8);
  });

  it("cannot be replayed, and say so", async () => {
    const { start } = await told({}, sums);
    await expect(replayRun(start.store, start.record)).rejects.toMatchObject({
      code: "not-recorded",
    });
  });

  it("are all there after interruptions", async () => {
    const start = await scene({ ...spec, wait: "all" }, text);
    const calm = await segment(await afresh(start), sums);
    const { end } = await throughout(start, () => ({ ...sums, ...interruptAt(40) }));
    expect(weightsDigest(wholeWeights(end.model))).toBe(weightsDigest(wholeWeights(calm.model)));
    const saved = await readCheckpoint(start.store, start.record.run);
    const { events } = await readLog(start.store, start.record.run, saved);
    const { dollars, arrivals } = foldRun("all", events).figures;
    expect(dollars).toBeCloseTo(end.totals.costUsd, 9);
    const { counted, late, lost } = arrivals;
    expect(counted + late + lost).toBe(end.totals.invocations);
  });
});

describe("more workers than a platform has", () => {
  const vast = resolveSpec({
    ...spec,
    data: { generate: { type: "regression", rows: 2_200, features: 3 } },
    workers: 1_100,
    wait: "all",
    stop: { rounds: 3, tolerance: 0 },
  });

  it("are refused in words where they would be real", async () => {
    await expect(
      openComputeBackend("emulated", { home: "/nowhere", spec: vast }),
    ).rejects.toMatchObject({
      code: "too-many-workers",
      message: expect.stringContaining("1024"),
    });
  });

  it("are simulated, and go on after an interruption though no shard was kept", async () => {
    const home = await mkdtemp(join(tmpdir(), "kofn-test-"));
    onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
    const about = { spec: vast, backend: "simulated", home };
    const calm = await trainNew({ ...about, run: "calm" });
    const control = new AbortController();
    const first = await trainNew(
      { ...about, run: "cut" },
      {
        signal: control.signal,
        listen: (event) => event.type === "round" && control.abort(),
      },
    );
    expect(first.end.stop.kind).toBe("interrupted");
    const rest = await trainFurther(first.record, home);
    expect(rest.end.stop).toEqual({ kind: "done" });
    expect(rest.result.weightsDigest).toBe(calm.result.weightsDigest);
  });
});
