import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";
import { openTraining } from "../../src/run/resolve-members.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { type AnytimeGradientTask, anytimeGradient } from "../../src/tasks/anytime-gradient.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { linearExamples } from "../run/fixtures.ts";
import { scene, table } from "../simulation/simulated-run.ts";

const columns = 3;
const examples = linearExamples(50, columns, 0.5, randomFrom("anytime"));
const ridge = problems.create({ type: "ridge", l2: 0 } as never);
const task: AnytimeGradientTask = {
  id: "round-0/anytime/slot-0",
  slot: 0,
  round: 0,
  weights: Float32Array.of(0.1, -0.2, 0.3),
  operation: "anytime-gradient",
  timeMs: 100,
  block: 8,
  rowsMax: 50,
  storedRows: 50,
  seed: 1,
};

/** Ten milliseconds at every look. */
function ticking(stepMs = 10): () => number {
  let nowMs = 0;
  return () => (nowMs += stepMs);
}

describe("a worker", () => {
  test("looks at its clock between blocks, and says how many rows it did", () => {
    const rowsIn = (timeMs: number, elapsedMs = ticking()) =>
      anytimeGradient.compute(ridge, examples, { ...task, timeMs }, undefined, elapsedMs).rows;
    // The first block, and one more at every look that comes before the time is up.
    expect(rowsIn(5)).toBe(8);
    expect(rowsIn(25)).toBe(24);
    expect(rowsIn(10_000)).toBe(50);
    expect(rowsIn(5, () => 1_000)).toBe(8);
  });

  test("asked for exactly so many rows gives the same bits, whatever its clock says", () => {
    const timed = anytimeGradient.compute(
      ridge,
      examples,
      { ...task, timeMs: 35 },
      undefined,
      ticking(),
    );
    const asked = { ...task, exactRows: timed.rows! };
    expect(anytimeGradient.compute(ridge, examples, asked, undefined, () => 1e9)).toEqual(timed);
    expect(timed.rows).toBeLessThan(50);
  });

  test("with time for all rows gives the sums over the shard", () => {
    const whole = anytimeGradient.compute(ridge, examples, task);
    const sum = new Float64Array(columns);
    const loss = ridge.lossAndGradient(examples, task.weights, sum);
    expect(whole.loss).toBeCloseTo(loss, 6);
    for (let j = 0; j < columns; j++) expect(whole.values[j]).toBeCloseTo(sum[j]!, 4);
  });

  test("goes through each row once, and begins with each as often as with any other", () => {
    const first = new Array<number>(50).fill(0);
    for (let round = 0; round < 2_000; round++) {
      const seen = rowsSeen({ ...task, round });
      expect(new Set(seen).size).toBe(50);
      for (const row of seen.slice(0, 10)) first[row]!++;
    }
    // Each is among the first ten of fifty in a fifth of the rounds: 400, give or take 18.
    for (const count of first) expect(Math.abs(count - 400)).toBeLessThan(90);
  });

  test("counts from the start of its invocation, the loading of its rows included", async () => {
    const spec = { problem: "ridge", workers: 2, strategy: { type: "anytime", block: 4 } };
    const { record, staged, store } = await scene(spec, table(80, 3, 1));
    const strategy = openTraining(record.spec, staged, record);
    const [first] = strategy.wanted(strategy.start());
    const request = workerRequestOf(record, first!);
    const slow = memoryStore();
    for (const key of await store.list("")) await slow.write(key, (await store.read(key))!);
    let nowMs = 0;
    const loading = {
      ...slow,
      async read(key: string) {
        nowMs += 300;
        return slow.read(key);
      },
    };
    // A manifest and a part are read: 600 of 500 ms are over. Once they are there, there is time.
    const worker = createWorker(loading, () => nowMs);
    expect((await worker(request)).rows).toBe(4);
    expect((await worker(request)).rows).toBe((first as AnytimeGradientTask).storedRows);
    expect((await worker({ ...request, startedMs: nowMs - 500 })).rows).toBe(4);
  });
});

describe("within a time", () => {
  test.each([
    // [late, a shard's time, rows]: fifty rows in so many milliseconds, and a hundred to work.
    [0, 200, 32],
    [0, 100, 50],
    [0, 0, 50],
    [50, 200, 16],
    [99, 200, 8],
    [100, 200, 8],
    [100, 0, 8],
    [500, 1, 8],
  ])("%i ms late, %i ms a shard: %i rows", (lateMs, shardMs, rows) => {
    expect(anytimeGradient.withinTime!(task, lateMs, shardMs).exactRows).toBe(rows);
  });

  test("a number that is asked for stays, and no more rows than allowed are done", () => {
    const exact = { ...task, exactRows: 3 };
    expect(anytimeGradient.withinTime!(exact, 0, 1)).toBe(exact);
    expect(anytimeGradient.withinTime!({ ...task, rowsMax: 5 }, 0, 200).exactRows).toBe(5);
    const { entries } = anytimeGradient.size;
    expect(entries!(exact, 100)).toBe(6);
    expect(entries!(task, 100)).toBe(100);
  });
});

test("a reply that does not say how many rows it is of is as good as lost", () => {
  const reply = { loss: 1, values: new Float32Array(columns), computeMs: 0 };
  const reasonOf = (rows: object) => anytimeGradient.validate(task, { ...reply, ...rows }, {});
  expect(reasonOf({ rows: 8 })).toBeNull();
  expect(reasonOf({})).toBe("its reply is of NaN rows, not 0 to 50");
  for (const rows of [51, -1, 2.5]) expect(reasonOf({ rows })).toMatch(/^its reply is of/);
});

/** The rows in the order in which they were gone through. */
function rowsSeen(asked: AnytimeGradientTask): number[] {
  const seen: number[] = [];
  const counting = {
    lossAndGradient({ targets }: Examples) {
      seen.push(...targets);
      return 0;
    },
  } as unknown as Problem;
  const numbered = { ...examples, targets: Float32Array.from(examples.targets, (_, i) => i) };
  anytimeGradient.compute(counting, numbered, asked);
  return seen;
}
