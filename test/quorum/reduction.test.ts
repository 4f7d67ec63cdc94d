import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { cutPart, cutTensors, joinCuts } from "../../src/math/slices/cuts.ts";
import { type DoublePart, denseGradient } from "../../src/math/slices/gradient-part.ts";
import { mergeSlices } from "../../src/math/slices/merge.ts";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import type { Store } from "../../src/ports/store.ts";
import {
  type Reduction,
  type ReductionChoice,
  reductionForecasts,
  reductionGraph,
  reductionLedger,
  reductionTypes,
} from "../../src/quorum/reduction.ts";
import { combine } from "../../src/tasks/combine.ts";
import { payloadOfParts } from "../../src/tasks/sliced-reply.ts";
import type { WorkerContext } from "../../src/tasks/task-kind.ts";
import { campaign } from "../campaign.ts";
import { askedBy } from "../tasks/asked.ts";

const choose = (
  choice: ReductionChoice,
  workers: number,
  bytes: number,
  bounds: Parameters<typeof reductionForecasts>[2] = {},
) =>
  reductionForecasts(choice, { workers, bytes }, bounds).find(({ isChosen }) => isChosen)!
    .reduction;

const shaped = (type: Reduction["type"], workers: number) =>
  choose({ type, shards: 4, fanIn: 3 }, workers, 1_000);

const spec = {
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: 64, features: 12 }, test: 0 },
  encoding: "uncoded",
  wait: "all",
  optimizer: { type: "sgd", learningRate: 0.1 },
  stop: { rounds: 1, tolerance: 0 },
};

describe.each(reductionTypes)("%s", (type) => {
  test.each(campaign([2, 8], [2, 4, 8, 16]))(
    "of %i: puts and gets are those of the ledger",
    async (workers) => {
      const counts = { puts: 0, gets: 0 };
      const isObject = (key: string) => key.includes("/objects/");
      const counting = (store: Store): Store => ({
        ...store,
        read(key) {
          if (isObject(key)) counts.gets++;
          return store.read(key);
        },
        write(key, bytes) {
          if (isObject(key)) counts.puts++;
          return store.write(key, bytes);
        },
      });
      await askedBy({ ...spec, workers, reduction: { type, shards: 4, fanIn: 3 } }, counting);
      const size = { workers, bytes: 1_000, readers: 0 };
      const { puts, gets } = reductionLedger(shaped(type, workers), size);
      expect(counts).toEqual({ puts, gets });
    },
  );

  test("its ledger is the table's, where all workers read the sums of other functions", () => {
    for (const workers of [2, 4, 8, 16, 64]) {
      const reduction = shaped(type, workers);
      const { puts, gets } = reductionLedger(reduction, { workers, bytes: 1, readers: workers });
      const { shards } = reduction;
      if (type !== "tree") {
        expect(puts).toBe(workers * shards + shards);
        expect(gets).toBe(2 * workers * shards);
        continue;
      }
      const sums = reductionGraph(reduction, workers).nodes.length - 1;
      expect([puts, gets]).toEqual([workers + sums, workers + sums - 1 + workers]);
      expect(sums).toBeLessThanOrEqual(workers / 2 + Math.ceil(Math.log(workers) / Math.log(3)));
    }
  });
});

test("requests of 64 workers: a star is cheap, a shard a worker dear, eight between", () => {
  const requests = (one: Reduction) => {
    const { puts, gets } = reductionLedger(one, { workers: 64, bytes: 0, readers: 64 });
    return puts * 5e-6 + gets * 4e-7;
  };
  const scatter = (shards: number) => requests({ type: "scatter", shards, fanIn: 4 });
  expect(requests({ type: "star", shards: 1, fanIn: 4 })).toBeCloseTo(0.0004, 4);
  expect(scatter(64)).toBeCloseTo(0.024, 2);
  expect(scatter(8)).toBeLessThan(scatter(64) / 7);
});

test("auto is a star for little, and shares the work where there is much", () => {
  const auto = (workers: number, bytes: number) =>
    choose({ type: "auto", shards: 8, fanIn: 4 }, workers, bytes).type;
  expect(auto(4, 1e4)).toBe("star");
  expect(auto(64, 1e4)).toBe("tree");
  expect(auto(8, 2e8)).toBe("scatter");
});

test("auto leaves out what does not fit a function; the cheapest where that is asked", () => {
  const auto = { type: "auto", shards: 8, fanIn: 4 } as const;
  const memoryBytesMax = 100e6;
  expect(choose(auto, 64, 4e7).type).toBe("scatter");
  expect(choose(auto, 8, 1e5, { memoryBytesMax }).type).toBe(choose(auto, 8, 1e5).type);
  // Five copies of 40 MB are too much for one function, and an eighth of them is not.
  const bounded = reductionForecasts(auto, { workers: 64, bytes: 4e7 }, { memoryBytesMax });
  expect(bounded.map(({ fits }) => fits)).toEqual([false, false, true]);
  expect(choose(auto, 64, 1e4, { goal: "dollars" }).type).toBe("star");
  expect(choose(auto, 64, 1e4).type).toBe("tree");
});

test("tensors that are cut by whole rows come together again, dense or as rows", () => {
  const tensors = [{ shape: [50, 3] }, { shape: [7] }, { shape: [2, 3, 4] }, { shape: [9, 2] }];
  const random = randomFrom("cuts");
  const numbers = (length: number) => Float64Array.from({ length }, () => random.normal());
  const ids = Uint32Array.of(0, 7, 8, 24, 25, 49);
  const parts: DoublePart[] = [
    { kind: "slices", slices: { rows: 50, columns: 3, ids, values: numbers(18) } },
    { kind: "dense", values: numbers(7) },
    { kind: "dense", values: numbers(24) },
    { kind: "dense", values: numbers(18) },
  ];
  for (const shards of [1, 2, 3, 8, 64]) {
    const cuts = cutTensors(tensors, shards);
    const all = cuts.flat();
    const own = all.map((cut) => cutPart(parts[cut.tensor]!, cut));
    expect(joinCuts(all, own, tensors)).toEqual(parts);
    const sizes = cuts.map((of) =>
      of.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(199 / shards + 3);
  }
});

describe("the memory of a function that adds up", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const shape = [2_000, 64];
  const table = 4 * 2_000 * 64;
  const random = randomFrom("memory");
  const slices = () => {
    const ids = Uint32Array.from({ length: 300 }, () => random.integer(2_000));
    const values = new Float64Array(300 * 64).fill(1);
    return mergeSlices({ rows: 2_000, columns: 64, ids, values });
  };
  const partOf = {
    dense: (): DoublePart => ({ kind: "dense", values: new Float64Array(128_000).fill(1) }),
    slices: (): DoublePart => ({ kind: "slices", slices: slices() }),
  };

  /** The most bytes of arrays that live at once, beside those before it began. */
  async function peakOf(kind: "dense" | "slices", workers: number, isStreaming: boolean) {
    collect();
    collect();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let reads = 0;
    const note = () => {
      // Late enough that all are seen; a collection takes long.
      if (++reads % 8 !== 0) return;
      // What one collection finds is swept by the next.
      collect();
      collect();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    };
    const refs = Array.from({ length: workers }, () => ({ ref: {} as ObjectRef, weight: 1 }));
    const read = async () => {
      note();
      return payloadOfParts([partOf[kind]()]);
    };
    const place = { object: read } as unknown as WorkerContext;
    const task = { parts: refs, tensors: [{ shape }] } as never;
    if (isStreaming) await combine.prepare!(place, null, task, null as never);
    else {
      const all: Uint8Array[] = [];
      for (const _ of refs) all.push(await read());
      expect(all.length).toBe(workers);
    }
    return most;
  }

  test.each(["dense", "slices"] as const)("%s: does not grow with the workers", async (kind) => {
    await peakOf(kind, 16, true);
    const [few, many] = [await peakOf(kind, 16, true), await peakOf(kind, 48, true)];
    expect(Math.abs(many - few) / 32).toBeLessThan(0.01 * table);
  });

  test("the control, which keeps all before it adds them up, does", async () => {
    const [few, many] = [await peakOf("dense", 16, false), await peakOf("dense", 48, false)];
    expect((many - few) / 32).toBeGreaterThan(0.9 * table);
  });
});

test("a sum's function gives the sum, whatever its parts are", async () => {
  const parts: DoublePart[] = [
    [3, 5],
    [5, 9],
  ].map((ids, i) => {
    const values = Float64Array.from({ length: 4 }, (_, j) => i + j);
    return { kind: "slices", slices: { rows: 40, columns: 2, ids: Uint32Array.from(ids), values } };
  });
  const payloads = parts.map((part) => payloadOfParts([part]));
  const place = { object: async (ref: ObjectRef) => payloads[Number(ref.key)]! };
  const refs = payloads.map((_, at) => ({ ref: { key: String(at) } as ObjectRef, weight: at + 1 }));
  const task = { parts: refs, tensors: [{ shape: [40, 2] }] } as never;
  const sums = await combine.prepare!(place as unknown as WorkerContext, null, task, null as never);
  const whole = denseGradient(sums, [{ shape: [40, 2] }]);
  expect([...whole.subarray(6, 20)]).toEqual([0, 1, 0, 0, 4, 7, 0, 0, 0, 0, 0, 0, 6, 8]);
});
