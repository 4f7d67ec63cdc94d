import { expect, it } from "vitest";
import {
  type Compute,
  noUsage,
  type Outcome,
  type Slotted,
  type Usage,
} from "../../src/ports/compute.ts";
import type { ObjectRef, TaskObjects } from "../../src/ports/object-ref.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { carriedPrefix, modelPartsPrefix, stepObjectsPrefix } from "../../src/store-layout.ts";
import { releasingCompute, withObjects, writeObject } from "../../src/worker/objects.ts";
import { offloadingCompute, withInflatedInputs } from "../../src/worker/payload-offload.ts";
import { inlineCompute } from "../doubles/inline-compute.ts";

interface Task extends Slotted {
  readonly x?: Float64Array<ArrayBuffer>;
  readonly parts?: readonly Float64Array[];
}
interface Reply {
  readonly out: Float64Array<ArrayBuffer> | ObjectRef;
}

const metered: Usage = { ...noUsage, billedMs: 5 };
/** Small enough that every vector of the tests would go through the store as well. */
const arrayBytesMax = 16;

/** Workers that double x, or add up parts, behind both ways through the store. */
function place() {
  const store = memoryStore();
  const double = ({ task }: { run: string; task: Task }): Reply => ({
    out:
      task.x?.map((value) => 2 * value) ??
      task.parts!.reduce<Float64Array<ArrayBuffer>>(
        (sum, part) => sum.map((value, i) => value + part[i]!),
        new Float64Array(3),
      ),
  });
  const worker = withInflatedInputs(
    store,
    async (request: { run: string; task: Task }) => withObjects(store, double)(request),
    arrayBytesMax,
  );
  const free = inlineCompute<Task, Reply>((task) => worker({ run: "r", task }) as Promise<Reply>);
  const billed: Compute<Task, Reply> = {
    ...free,
    start: (task, deliver) => free.start(task, (outcome) => deliver(outcome, metered)),
  };
  const compute = releasingCompute(
    offloadingCompute(billed, store, "r", arrayBytesMax),
    store,
    "r",
  );
  const ask = (task: Task) =>
    new Promise<{ outcome: Outcome<Reply>; usage: Usage }>((resolve) =>
      compute.start(task, (outcome, usage) => resolve({ outcome, usage })),
    );
  return { store, ask };
}

const x = Float64Array.of(1, Number.NaN, -0);
const keep = (name: string, lifetime: "step" | "run" = "step") => ({ out: { name, lifetime } });

function refIn({ outcome }: { outcome: Outcome<Reply> }): ObjectRef {
  if (outcome.kind === "lost") throw new Error(outcome.reason);
  return outcome.result.out as ObjectRef;
}

function task(id: string, objects: TaskObjects, more: Partial<Task> = {}): Task {
  return { id, slot: 0, objects, ...more };
}

it("leaves what a task asks for in the store and replies a reference", async () => {
  const { store, ask } = place();
  const first = await ask(task("a", { step: 1, keep: keep("1/a") }, { x }));
  const ref = refIn(first);
  expect(ref).toEqual({
    key: `${stepObjectsPrefix("r")}1/a.safetensors`,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    dtype: "F64",
    shape: [3],
  });
  // The input went through the store because it is large; the reply did not go that way.
  expect(await store.list(carriedPrefix("r"))).toHaveLength(1);
  const second = await ask(task("b", { step: 1, inputs: { x: ref } }));
  expect(second.outcome).toEqual({
    kind: "done",
    result: { out: Float64Array.of(4, Number.NaN, -0) },
  });
  const sum = await ask(task("c", { step: 1, inputs: { parts: [ref, ref] } }));
  const out = Float64Array.of(4, Number.NaN, 0);
  expect(sum.outcome).toEqual({ kind: "done", result: { out } });
  const usages = [first, second, sum].map(({ usage }) => usage);
  // Each also read or wrote the one array that went through the store by its size.
  expect(usages.map((usage) => usage.storeWrites)).toEqual([2, 1, 1]);
  expect(usages.map((usage) => usage.storeReads)).toEqual([1, 2, 3]);
});

it("writes the same again under the same name, and a reader takes no other content", async () => {
  const { store, ask } = place();
  const asked = task("a", { step: 1, keep: keep("1/a") }, { x });
  const ref = refIn(await ask(asked));
  expect(refIn(await ask({ ...asked, id: "a/try-2" }))).toEqual(ref);
  expect(await store.list(stepObjectsPrefix("r"))).toEqual([ref.key]);
  const lost = async (inputs: ObjectRef) =>
    (await ask(task("b", { step: 1, inputs: { x: inputs } }))).outcome;
  const reason = `${ref.key} is not F64 of shape 1 x 3`;
  expect(await lost({ ...ref, shape: [1, 3] })).toMatchObject({ kind: "lost", reason });
  await writeObject(store, "r", { name: "1/a", lifetime: "step" }, Float64Array.of(7));
  const damaged = { kind: "lost", reason: `${ref.key} is gone or damaged` };
  expect(await lost(ref)).toMatchObject(damaged);
  await store.remove(ref.key);
  expect(await lost(ref)).toMatchObject(damaged);
});

it("says so where the reply does not have what was to be kept", async () => {
  const { ask } = place();
  const objects = { step: 1, keep: { loss: { name: "1/loss", lifetime: "step" } } } as const;
  const { outcome } = await ask(task("a", objects, { x }));
  const reason = "the reply to a has no tensor loss to keep";
  expect(outcome).toMatchObject({ kind: "lost", reason });
});

it("removes a step's objects when a later one begins, and keeps the run's", async () => {
  const { store, ask } = place();
  await ask(task("a", { step: 1, keep: keep("1/a") }, { x }));
  await ask(task("b", { step: 1, keep: keep("w", "run") }, { x }));
  const ref = refIn(await ask(task("c", { step: 2, keep: keep("2/c") }, { x })));
  expect(await store.list(stepObjectsPrefix("r"))).toEqual([ref.key]);
  // What still comes of an earlier step changes nothing of the later one.
  await ask(task("d", { step: 1, keep: keep("1/d") }, { x }));
  expect(await store.list(stepObjectsPrefix("r"))).toHaveLength(2);
  await ask(task("e", { step: 3 }, { x }));
  expect(await store.list(stepObjectsPrefix("r"))).toEqual([]);
  expect(await store.list(modelPartsPrefix("r"))).toHaveLength(1);
});
