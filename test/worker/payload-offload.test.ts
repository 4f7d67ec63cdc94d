import { expect, test } from "vitest";
import { type Compute, noUsage, type Outcome, type Usage } from "../../src/ports/compute.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { carriedPrefix } from "../../src/store-layout.ts";
import { offloadingCompute, withInflatedInputs } from "../../src/worker/payload-offload.ts";
import { inlineCompute } from "../doubles/inline-compute.ts";

interface Task {
  readonly id: string;
  readonly slot: number;
  readonly weights: Float32Array<ArrayBuffer>;
}

const arrayBytesMax = 100;
const metered: Usage = { billedMs: 9, coldStart: false, bytesDown: 40, bytesUp: 20, costUsd: 1e-6 };

/** Workers that double their weights, behind the store. */
function place({ isLost, isRefused }: { isLost?: true; isRefused?: true } = {}) {
  const store = memoryStore();
  const seen: object[] = [];
  const worker = withInflatedInputs(
    store,
    async ({ task }: { run: string; task: Task }) => ({ values: task.weights.map((w) => 2 * w) }),
    arrayBytesMax,
  );
  const free = inlineCompute<Task, object>((task) => {
    seen.push(task);
    return worker({ run: "r", task });
  });
  const inner: Compute<Task, object> = {
    ...free,
    start: (task, deliver) =>
      free.start(task, (outcome) =>
        deliver(
          isLost || isRefused ? { kind: "lost", reason: "crashed" } : outcome,
          isRefused ? noUsage : metered,
        ),
      ),
  };
  return { store, seen, compute: offloadingCompute(inner, store, "r", arrayBytesMax) };
}

function ask(compute: ReturnType<typeof place>["compute"], task: Task): Promise<Outcome<object>> {
  return new Promise((resolve) => compute.start(task, (outcome) => resolve(outcome)));
}

test("large arrays go through the store, each once, and come back to the bit", async () => {
  const { store, seen, compute } = place();
  const weights = Float32Array.from({ length: 60 }, (_, i) => i / 7);
  const tasks = [0, 1, 2].map((slot) => ({ id: `t${slot}`, slot, weights }));
  const outcomes = await Promise.all(tasks.map((task) => ask(compute, task)));
  for (const outcome of outcomes)
    expect(outcome).toEqual({ kind: "done", result: { values: weights.map((w) => 2 * w) } });
  for (const task of seen) expect(JSON.stringify(task)).toContain(carriedPrefix("r"));
  // One object for the weights of all three tasks, one for the reply they have in common.
  expect(await store.list(carriedPrefix("r"))).toHaveLength(2);
});

test("what went through the store counts, wherever a worker ran, lost or not", async () => {
  const weights = new Float32Array(60).fill(2);
  const usageOf = async (how: { isLost?: true; isRefused?: true }): Promise<Usage[]> => {
    const { compute, store } = place(how);
    const usages = [0, 1].map(
      (slot) =>
        new Promise<Usage>((resolve) =>
          compute.start({ id: `t${slot}`, slot, weights }, (_, usage) => resolve(usage)),
        ),
    );
    const all = await Promise.all(usages);
    for (const key of await store.list(""))
      expect((await store.read(key))!.length).toBeGreaterThan(4 * 60);
    return all;
  };
  const [first, second] = await usageOf({});
  for (const { bytesDown, bytesUp } of [first!, second!]) {
    expect(bytesDown).toBeGreaterThan(metered.bytesDown + 4 * 60);
    expect(bytesUp).toBeGreaterThan(metered.bytesUp + 4 * 60);
  }
  // The weights were written for the first and read by both; both replies were written and read.
  expect([first!.storeWrites, second!.storeWrites]).toEqual([2, 1]);
  expect([first!.storeReads, second!.storeReads]).toEqual([2, 2]);
  const [lost] = await usageOf({ isLost: true });
  expect(lost).toEqual({ ...first, bytesUp: metered.bytesUp, storeReads: 1, storeWrites: 1 });
  const [, refused] = await usageOf({ isRefused: true });
  expect(refused).toEqual(noUsage);
});

test("small arrays travel as they are", async () => {
  const { store, compute } = place();
  const weights = Float32Array.of(1, 2);
  const outcome = await ask(compute, { id: "t", slot: 0, weights });
  expect(outcome).toEqual({ kind: "done", result: { values: Float32Array.of(2, 4) } });
  expect(await store.list("")).toEqual([]);
});

test("an object that is gone or damaged makes the task lost, not wrong", async () => {
  const { store, compute } = place();
  const weights = new Float32Array(60).fill(1);
  await ask(compute, { id: "a", slot: 0, weights });
  for (const key of await store.list("")) await store.write(key, Uint8Array.of(1, 2, 3));
  const outcome = await ask(compute, { id: "b", slot: 1, weights });
  expect(outcome).toMatchObject({ kind: "lost", reason: expect.stringContaining("damaged") });
});
