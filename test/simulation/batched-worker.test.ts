import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { FeatureBlock } from "../../src/data/shards/load-features.ts";
import type { Examples } from "../../src/math/rows.ts";
import { addScaled } from "../../src/math/vector.ts";
import { problems } from "../../src/problems/registry.ts";
import { batchedWorker } from "../../src/simulation/batched-worker.ts";
import { addReplies } from "../../src/tasks/batched-blocks.ts";
import { type BlockUpdateTask, blockUpdate } from "../../src/tasks/block-update.ts";
import { gradient } from "../../src/tasks/gradient.ts";
import type { WorkerRequest, WorkerTask } from "../../src/tasks/protocol.ts";
import { materialCache } from "../../src/worker/material-cache.ts";
import { columns, shardsOf, slots } from "./small-shards.ts";

function asked(weights: Float32Array<ArrayBuffer>): WorkerTask[] {
  return Array.from({ length: slots }, (_, slot) => ({
    id: `slot-${slot}`,
    slot,
    round: 0,
    weights,
    operation: "gradient",
  }));
}

const chosen = [
  ["ridge", false],
  ["elastic-net", false],
  ["logistic", true],
  ["squared-hinge", true],
] as const;

function scene(type: string, shards: readonly (Examples | undefined)[]) {
  const problem = problems.create({ type });
  const about = { run: "trial", encoded: "encoded/one", problem: { type } };
  const request = (task: WorkerTask): WorkerRequest => ({ ...about, task });
  const known = materialCache(slots);
  const random = randomFrom(type);
  const weights = Float32Array.from({ length: columns }, () => random.normal());
  const tasks = asked(weights);
  for (const [slot, shard] of shards.entries()) {
    if (shard === undefined) continue;
    known.makeRoom(request(tasks[slot]!));
    known.keep(request(tasks[slot]!), shard);
  }
  const worker = batchedWorker(known, problem);
  const answer = () => worker(request(tasks[0]!), tasks);
  return { problem, tasks, known, request, answer, worker };
}

/** Slot `slot` has so many rows of two slabs, no slabs where it has none. */
function blocksOf(
  rowsOf: (slot: number) => number,
  columns = [3, 6],
  isSigned = false,
): FeatureBlock[] {
  const random = randomFrom("blocks");
  const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
  const targets = numbers(4);
  return Array.from({ length: slots }, (_, slot) => {
    const rows = rowsOf(slot);
    const slabs = columns.map((count, s) => {
      const values = numbers(rows * count);
      const signs = values.map((value) => 0.125 * Math.sign(value));
      const isDense = !isSigned || s === 0;
      return { kind: "dense" as const, rows, columns: count, values: isDense ? values : signs };
    });
    const features = columns.reduce((sum, count) => sum + count, 0) - targets.length;
    return { slabs: rows === 0 ? [] : slabs, targets, features, intercept: true };
  });
}

function blockScene(blocks: readonly (FeatureBlock | undefined)[]) {
  const chosen = { type: "ridge", l2: 0.25 };
  const problem = problems.create(chosen);
  const random = randomFrom("tasks");
  const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
  const sent = { weights: numbers(blocks[0]!.features), predictions: numbers(4) };
  const tasks = Array.from({ length: slots }, (_, slot): BlockUpdateTask => {
    return { id: `slot-${slot}`, slot, round: 0, operation: "block", ...sent };
  });
  const request = (task: WorkerTask): WorkerRequest => {
    return { run: "trial", encoded: "encoded/one", problem: chosen, task };
  };
  const known = materialCache(slots);
  const load = (slot: number, block: FeatureBlock) => {
    known.makeRoom(request(tasks[slot]!));
    known.keep(request(tasks[slot]!), block);
  };
  for (const [slot, block] of blocks.entries()) if (block !== undefined) load(slot, block);
  const worker = batchedWorker(known, problem);
  const alone = (slot: number, block: FeatureBlock) =>
    blockUpdate.compute(problem, block, tasks[slot]!);
  return { tasks, load, alone, answer: () => worker(request(tasks[0]!), tasks) };
}

describe("blocks of many slots at once", () => {
  const kinds = [
    ["a row each", () => 1, [3, 6], false],
    ["a row each, an even number of columns", () => 1, [4, 6], false],
    ["none to three rows", (slot: number) => slot % 4, [3, 6], false],
    ["a row, but one with two", (slot: number) => (slot === 5 ? 2 : 1), [3, 6], false],
    ["none to three rows, of signs", (slot: number) => slot % 4, [4, 30], true],
  ] as const;

  it.each(kinds)(
    "%s: replies, and sums of them, are the ones by themselves",
    (_, rows, columns, isSigned) => {
      const blocks = blocksOf(rows, [...columns], isSigned);
      // The last one came later, and one is asked alone.
      const { tasks, load, alone, answer } = blockScene(blocks.slice(0, -1));
      expect(answer()!(tasks[8]!)).toBeNull();
      load(8, blocks[8]!);
      const replies = answer()!;
      const single = blocks.map((block, slot) => alone(slot, block));
      const together = tasks.map((task) =>
        task.slot === 3 ? { ...single[3]!, computeMs: 0 } : replies(task)!,
      );
      for (const [slot, { loss, values }] of together.entries()) {
        expect(loss).toBe(single[slot]!.loss);
        expect(values).toEqual(single[slot]!.values);
        expect(blockUpdate.validate(tasks[slot]!, together[slot]!, {})).toBeNull();
      }
      const begun = Float64Array.from({ length: together[0]!.values.length }, (_, j) => j / 7);
      const there = { sums: begun.slice(), moved: begun.slice() };
      addReplies(together, -0.3, there);
      const sums = begun.slice();
      const moved = begun.slice();
      for (const { values } of single)
        for (let j = 0; j < sums.length; j++) {
          sums[j]! += values[j]!;
          moved[j]! += -0.3 * values[j]!;
        }
      expect(there).toEqual({ sums, moved });
    },
  );

  it("more than are added up at once have the bits of all one after another", () => {
    const block = blocksOf((slot) => slot % 3);
    const { tasks, answer } = blockScene(block);
    const replies = answer()!;
    const many = Array.from({ length: 700 }, (_, i) => replies(tasks[i % slots]!)!);
    const there = { sums: new Float64Array(9), moved: new Float64Array(9) };
    addReplies(many, 0.7, there);
    const sums = new Float64Array(9);
    const moved = new Float64Array(9);
    for (const { values } of many) {
      addScaled(sums, 1, values);
      addScaled(moved, 0.7, values);
    }
    expect(there).toEqual({ sums, moved });
  });

  it("tells numbers that are none, and is not for other predictions or several outputs", () => {
    const blocks = blocksOf(() => 1);
    const { tasks, answer } = blockScene(blocks);
    const other = { ...tasks[2]!, predictions: tasks[2]!.predictions.slice() };
    expect(answer()!(other)).toBeNull();
    const large = blocks.with(4, withValues(blocks[4]!, 3e38));
    const scene = blockScene(large);
    const reply = scene.answer()!(scene.tasks[4]!)!;
    expect(blockUpdate.validate(scene.tasks[4]!, reply, {})).toContain("numbers that are none");
    const wide = { ...tasks[0]!, weights: new Float32Array(10) };
    expect(blockUpdate.batch!(problems.create({ type: "ridge" }), blocks)!.answer(wide)).toBeNull();
    const uneven = blocks.with(1, blocksOf(() => 1, [4, 5])[1]!);
    expect(blockScene(uneven).answer()).toBeNull();
  });
});

function withValues(block: FeatureBlock, value: number): FeatureBlock {
  const slabs = block.slabs.map((slab) => ({ ...slab, values: slab.values.map(() => value) }));
  return { ...block, slabs };
}

describe("many small shards at once", () => {
  it.each(chosen)("%s: each reply is the one by itself, to the last bit", (type, classes) => {
    const shards = shardsOf(classes);
    const { problem, tasks, answer } = scene(type, shards);
    const replies = answer()!;
    for (const task of tasks) {
      const { loss, values } = replies(task)!;
      if (task.operation !== "gradient") throw new Error("a gradient was asked for");
      const alone = gradient.compute(problem, shards[task.slot]!, task);
      expect(loss).toBe(alone.loss);
      expect(values).toEqual(alone.values);
    }
  });

  it("leaves out who has loaded nothing yet, and takes them in later", () => {
    const shards = shardsOf(false);
    const { tasks, known, request, answer } = scene("ridge", shards.with(4, undefined as never));
    expect(answer()!(tasks[4]!)).toBeNull();
    expect(answer()!(tasks[5]!)).not.toBeNull();
    known.makeRoom(request(tasks[4]!));
    known.keep(request(tasks[4]!), shards[4]!);
    expect(answer()!(tasks[4]!)).not.toBeNull();
  });

  it("answers one task alone only where many were asked the same before", () => {
    const { tasks, request, worker, answer } = scene("ridge", shardsOf(false));
    const alone = (task: WorkerTask) => worker(request(task), [task]);
    expect(alone(tasks[5]!)).toBeNull();
    const all = answer()!;
    expect(alone(tasks[5]!)!(tasks[5]!)).toEqual(all(tasks[5]!));
    const other = asked(new Float32Array(columns).fill(2))[5]!;
    expect(alone(other)).toBeNull();
    const elsewhere = { ...request(tasks[5]!), encoded: "encoded/other" };
    expect(worker(elsewhere, [tasks[5]!])).toBeNull();
  });

  it("leaves earlier replies as they were", () => {
    const { tasks, request, worker, answer } = scene("ridge", shardsOf(false));
    const before = answer()!(tasks[5]!)!;
    const kept = before.values.slice();
    const others = asked(new Float32Array(columns).fill(2));
    expect(worker(request(others[0]!), others)!(others[5]!)!.values).not.toEqual(kept);
    expect(before.values).toEqual(kept);
  });

  it("is not for other questions, few tasks, weighted or large shards, or several outputs", () => {
    const shards = shardsOf(false);
    const { tasks, request, worker } = scene("ridge", shards);
    const one = request(tasks[0]!);
    const other = { ...tasks[1]!, weights: new Float32Array(columns) };
    expect(worker(one, tasks.with(1, other))).toBeNull();
    expect(worker(one, tasks.slice(0, 2))).toBeNull();
    expect(worker(one, tasks.slice(0, 3))).not.toBeNull();
    const weighted = { ...shards[2]!, weights: Float32Array.of(1, 2) };
    expect(scene("ridge", shards.with(2, weighted)).answer()).toBeNull();
    const rows = { kind: "dense", rows: 100, columns, values: new Float32Array(700) } as const;
    const large = { rows, targets: new Float32Array(100) };
    expect(scene("ridge", shards.with(2, large)).answer()).toBeNull();
    const classes = scene("softmax", shards);
    const wide = asked(new Float32Array(3 * columns));
    expect(classes.worker(classes.request(wide[0]!), wide)).toBeNull();
  });
});
