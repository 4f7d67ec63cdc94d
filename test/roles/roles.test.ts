import { describe, expect, test } from "vitest";
import type { Prepared } from "../../src/data/manifests.ts";
import { isAllowed } from "../../src/emulator/iam/policy.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import type { Store } from "../../src/ports/store.ts";
import { problems } from "../../src/problems/registry.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { removeLeftovers, removeOtherParts } from "../../src/run/finish.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { eventsKey, modelPartsPrefix, stepObjectsPrefix } from "../../src/store-layout.ts";
import { strategies as registeredStrategies } from "../../src/strategies/registry.ts";
import type { WorkerRequest, WorkerTask } from "../../src/tasks/protocol.ts";
import type { WorkerContext } from "../../src/tasks/task-kind.ts";
import { loadWorkerState, writeWorkerState } from "../../src/tasks/worker-state.ts";
import { withInflatedInputs } from "../../src/worker/payload-offload.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { cases } from "./cases.ts";
import { oldStatements } from "./old-statements.ts";
import { ofObjects } from "./permissions.ts";
import {
  again,
  asRole,
  type Role,
  runUnder,
  type Staged,
  staged,
  type Wanted,
} from "./under-roles.ts";

const roles: readonly Role[] = ["worker", "networkWorker", "orchestrator"];
const wanted: Wanted[] = [];
const strategies = new Set<string>();

describe.each(cases)("$name", ({ spec, callsMax }) => {
  let start: Staged;
  test("ends under the deployed roles as it does with all permissions", async () => {
    start = await staged(await spec());
    strategies.add(start.record.spec.strategy.type);
    // The run without roles takes over the secrets, so that its noise is the same.
    const first = await again(start);
    const under = await runUnder(first, deployedRoles, { note, callsMax });
    expect(under.stop).toBe("done");
    expect(Object.keys(under.objects)).toContain("runs/trial/model.safetensors");
    expect(under).toEqual(await runUnder(await again(first), null, { callsMax }));
  });

  test("leaves no model under the roles of old", async () => {
    const old = runUnder(await again(start), oldStatements, { callsMax });
    await expect(old).rejects.toThrow("not authorized to perform: s3:");
  });
});

test("every strategy was among them", () => {
  expect([...strategies].sort()).toEqual(
    registeredStrategies.members.map(({ name }) => name).sort(),
  );
});

const note = (one: Wanted) => wanted.push(one);
const as = (store: Store, role: Role) => asRole(store, role, () => deployedRoles[role], note);
const ridge = {
  problem: "ridge",
  data: { generate: { type: "regression", rows: 60, features: 6 } },
  workers: 2,
  stop: { rounds: 3, tolerance: 0 },
};

test("a run goes on after a crash that left events behind without their checkpoint", async () => {
  const { record, store } = await staged(ridge);
  const first = await runUnder({ record, store }, deployedRoles);
  const left = eventsKey(record.run, 5_000);
  await store.write(left, new Uint8Array(1));
  const second = await runUnder({ record, store }, deployedRoles, { note });
  expect(second.objects).toEqual(first.objects);
  expect(await store.read(left)).toBeNull();
});

describe("what has expired is called gone, not denied", () => {
  test.each(["worker", "networkWorker"] as const)("to the %s", async (role) => {
    const { record, store } = await staged(ridge);
    const weights = { storedAt: "runs/trial/carried/gone.safetensors", sha256: "" };
    const task = { operation: "gradient", id: "", slot: 0, round: 0 } as unknown as WorkerTask;
    const ask = (more: object = {}) =>
      withInflatedInputs(
        as(store, role),
        createWorker(as(store, role)),
      )(workerRequestOf(record, { ...task, ...more }));
    await expect(ask({ weights })).rejects.toThrow("is gone or damaged");
    for (const key of await store.list("parts/")) await store.remove(key);
    await expect(ask()).rejects.toThrow("it is not in the store");
    await store.remove(record.encoded);
    await expect(ask()).rejects.toThrow(`${record.encoded} is not in the store`);
  });

  test("to the orchestrator", async () => {
    const { record, store } = await staged(ridge);
    const own = as(store, "orchestrator");
    const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
    for (const key of await store.list("parts/")) await store.remove(key);
    const evaluated = evaluate({ store: own, prepared }, problems.create(record.spec.problem), []);
    await expect(evaluated).rejects.toThrow("it is not in the store");
    for (const key of [record.encoded, record.prepared]) {
      await store.remove(key);
      const run = runUnder({ record, store }, deployedRoles, { note });
      await expect(run).rejects.toThrow(`${key} is not in the store`);
    }
  });

  test.each(["networkWorker", "orchestrator"] as const)("a network, to the %s", async (role) => {
    const glyphs = cases.find(({ name }) => name === "example glyphs")!;
    const { problem } = (await staged(await glyphs.spec())).record.spec;
    const { facts } = problem as { facts?: object };
    const gone = { ...problem, facts: { ...facts, key: "networks/gone.safetensors" } };
    const store = as(memoryStore(), role);
    const ready = problems.create(gone).load!((key) => store.read(key));
    await expect(ready).rejects.toThrow("networks/gone.safetensors is not in the store");
  });
});

test.each(["worker", "networkWorker"] as const)(
  "a %s's old memories go, and one that is gone is lost",
  async (role) => {
    const store = memoryStore();
    const made = new Map<string, unknown>();
    const cached = async (name: string, make: () => Promise<unknown>) => {
      const one = made.get(name) ?? (await make());
      made.set(name, one);
      return one;
    };
    const place = {
      store: as(store, role),
      run: "trial",
      slot: 0,
      cached,
      slots: 1,
    } as unknown as WorkerContext;
    // So large that few may stay.
    const memory = { left: new Float64Array(600_000), velocity: null };
    for (let round = 0; round < 17; round++) await writeWorkerState(place, round, memory);
    expect(await store.list("runs/")).toHaveLength(16);
    expect(await loadWorkerState(place, 0)).toMatchObject({ isLost: true });
  },
);

describe.each(["worker", "networkWorker"] as const)("what goes by reference, at a %s", (role) => {
  test("is read and written by it, and removed by the orchestrator", async () => {
    const { record, store } = await staged(ridge);
    const perform = createWorker(as(store, role));
    const task = { operation: "gradient", id: "", slot: 0, round: 1 } as const;
    const weights = Float32Array.from({ length: 7 }, (_, i) => i / 4);
    const ask = (more: object) =>
      perform(workerRequestOf(record, { ...task, weights, ...more }) as WorkerRequest);
    const { values } = await ask({});
    for (const lifetime of ["step", "run"] as const) {
      const objects = { step: 1, keep: { values: { name: "a", lifetime } } };
      const kept = (await ask({ objects })).values as unknown as ObjectRef;
      const inputs = { weights: kept };
      // A gradient is as long as the weights.
      const next = await ask({ weights: undefined, objects: { step: 1, inputs } });
      expect(next.values).toEqual((await ask({ weights: values })).values);
      const gone = { step: 1, inputs: { weights: { ...kept, key: kept.key.replace("a.", "b.") } } };
      await expect(ask({ objects: gone })).rejects.toThrow("is gone or damaged");
    }
    expect(await store.list(stepObjectsPrefix(record.run))).toHaveLength(1);
    await removeLeftovers(as(store, "orchestrator"), record.run, false);
    expect(await store.list(stepObjectsPrefix(record.run))).toHaveLength(0);
    expect(await store.list(modelPartsPrefix(record.run))).toHaveLength(1);
    await removeOtherParts(as(store, "orchestrator"), record.run, []);
    expect(await store.list(modelPartsPrefix(record.run))).toHaveLength(0);
  });
});

test.each(roles)("of the %s's permissions none could be left out", (role) => {
  const asked = distinct(wanted.filter((one) => one.role === role));
  const idle = ofObjects(deployedRoles[role]).filter(({ others }) =>
    asked.every(({ action }) => isAllowed(others, action)),
  );
  expect(idle.map(({ name }) => name)).toEqual([]);
});

function distinct(all: readonly Wanted[]): Wanted[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
