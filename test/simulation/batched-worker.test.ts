import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { problems } from "../../src/problems/registry.ts";
import { batchedWorker } from "../../src/simulation/batched-worker.ts";
import { gradient } from "../../src/tasks/gradient.ts";
import type { WorkerRequest, WorkerTask } from "../../src/tasks/protocol.ts";
import { materialCache } from "../../src/worker/material-cache.ts";

const columns = 7;
const slots = 9;

/** Slot `slot` has `slot` rows, the first slot none. */
function shardsOf(classes: boolean): Examples[] {
  const random = randomFrom(`crowd/${classes}`);
  return Array.from({ length: slots }, (_, rows) => ({
    rows: {
      kind: "dense",
      rows,
      columns,
      values: Float32Array.from({ length: rows * columns }, () => random.normal()),
    },
    targets: Float32Array.from({ length: rows }, () =>
      classes ? random.integer(2) : random.normal(),
    ),
  }));
}

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
