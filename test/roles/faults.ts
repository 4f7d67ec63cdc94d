import { expect } from "vitest";
import type { Prepared } from "../../src/data/manifests.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { deployedRoles } from "../../src/platform/local/deployed-roles.ts";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import type { Store } from "../../src/ports/store.ts";
import { problems } from "../../src/problems/registry.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { removeLeftovers, removeOtherParts } from "../../src/run/finish.ts";
import { openSpendingGrant } from "../../src/run/spending-grant.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { eventsKey, modelPartsPrefix, stepObjectsPrefix } from "../../src/store-layout.ts";
import type { WorkerRequest, WorkerTask } from "../../src/tasks/protocol.ts";
import type { WorkerContext } from "../../src/tasks/task-kind.ts";
import { loadWorkerState, writeWorkerState } from "../../src/tasks/worker-state.ts";
import { withInflatedInputs } from "../../src/worker/payload-offload.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { readEncodedManifest } from "../../src/worker/worker-context.ts";
import { cases } from "./cases.ts";
import { asRole, type Role, type Roles, runUnder, staged, type Wanted } from "./under-roles.ts";

export interface UnderPolicies {
  readonly policies: Roles;
  /** Called with all that a role wants to do. */
  readonly note: (wanted: Wanted) => void;
}

/** What is gone, left over or goes by reference: rejects where it is not met as it should be. */
export interface Fault {
  readonly name: string;
  readonly role: Role;
  meet(under: UnderPolicies): Promise<void>;
}

const as = (store: Store, role: Role, { policies, note }: UnderPolicies) =>
  asRole(store, role, () => policies[role], note);

const ridge = {
  problem: "ridge",
  data: { generate: { type: "regression", rows: 60, features: 6 } },
  workers: 2,
  stop: { rounds: 3, tolerance: 0 },
};
const workers = ["worker", "networkWorker"] as const;

const leftEvents: Fault = {
  name: "a run goes on after a crash that left events behind without their checkpoint",
  role: "orchestrator",
  async meet({ policies, note }) {
    const { record, store } = await staged(ridge);
    const first = await runUnder({ record, store }, deployedRoles);
    const left = eventsKey(record.run, 5_000);
    await store.write(left, new Uint8Array(1));
    const second = await runUnder({ record, store }, policies, { note });
    expect(second.objects).toEqual(first.objects);
    expect(await store.read(left)).toBeNull();
  },
};

const expiredForWorker = (role: (typeof workers)[number]): Fault => ({
  name: `what has expired is called gone, not denied, to the ${role}`,
  role,
  async meet(under) {
    const { record, store } = await staged(ridge);
    const weights = { storedAt: "runs/trial/carried/gone.safetensors", sha256: "" };
    const task = { operation: "gradient", id: "", slot: 0, round: 0 } as unknown as WorkerTask;
    const own = as(store, role, under);
    const ask = (more: object = {}) =>
      withInflatedInputs(own, createWorker(own))(workerRequestOf(record, { ...task, ...more }));
    await expect(ask({ weights })).rejects.toThrow("is gone or damaged");
    for (const key of await store.list("parts/")) await store.remove(key);
    await expect(ask()).rejects.toThrow("it is not in the store");
    await store.remove(record.encoded);
    await expect(ask()).rejects.toThrow(`${record.encoded} is not in the store`);
  },
});

const expiredForOrchestrator: Fault = {
  name: "what has expired is called gone, not denied, to the orchestrator",
  role: "orchestrator",
  async meet(under) {
    const { policies, note } = under;
    const { record, store } = await staged(ridge);
    const own = as(store, "orchestrator", under);
    const prepared = await readEncodedManifest<Prepared>(store, record.prepared);
    for (const key of await store.list("parts/")) await store.remove(key);
    const evaluated = evaluate({ store: own, prepared }, problems.create(record.spec.problem), []);
    await expect(evaluated).rejects.toThrow("it is not in the store");
    for (const key of [record.encoded, record.prepared]) {
      await store.remove(key);
      const run = runUnder({ record, store }, policies, { note });
      await expect(run).rejects.toThrow(`${key} is not in the store`);
    }
  },
};

const network = (role: Role): Fault => ({
  name: `a network, and one that is gone, to the ${role}`,
  role,
  async meet(under) {
    const glyphs = cases.find(({ name }) => name === "example glyphs")!;
    const start = await staged(await glyphs.spec());
    const { problem } = start.record.spec;
    const { facts } = problem as { facts?: { readonly key: string } };
    const there = as(start.store, role, under);
    expect(await there.read(facts!.key)).not.toBeNull();
    const gone = { ...problem, facts: { ...facts, key: "networks/gone.safetensors" } };
    const store = as(memoryStore(), role, under);
    const ready = problems.create(gone).load!((key) => store.read(key));
    await expect(ready).rejects.toThrow("networks/gone.safetensors is not in the store");
  },
});

const memories = (role: (typeof workers)[number]): Fault => ({
  name: `a ${role}'s old memories go, and one that is gone is lost`,
  role,
  async meet(under) {
    const store = memoryStore();
    const place = () => placeOf(as(store, role, under));
    // So large that few may stay.
    const memory = { left: new Float64Array(600_000), velocity: null };
    const own = place();
    for (let round = 0; round < 17; round++) await writeWorkerState(own, round, memory);
    expect(await store.list("runs/")).toHaveLength(16);
    expect(await loadWorkerState(own, 0)).toMatchObject({ isLost: true });
    expect(await loadWorkerState(place(), 16)).toMatchObject({ isLost: false });
  },
});

/** A slot's own place, in an environment that has read nothing yet. */
function placeOf(store: Store): WorkerContext {
  const made = new Map<string, unknown>();
  const cached = async (name: string, make: () => Promise<unknown>) => {
    const one = made.get(name) ?? (await make());
    made.set(name, one);
    return one;
  };
  return { store, run: "trial", slot: 0, cached, slots: 1 } as unknown as WorkerContext;
}

const references = (role: (typeof workers)[number]): Fault => ({
  name: `what goes by reference is read and written by a ${role}, removed by the orchestrator`,
  role,
  async meet(under) {
    const { record, store } = await staged(ridge);
    const perform = createWorker(as(store, role, under));
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
    const orchestrator = as(store, "orchestrator", under);
    await removeLeftovers(orchestrator, record.run, false);
    expect(await store.list(stepObjectsPrefix(record.run))).toHaveLength(0);
    expect(await store.list(modelPartsPrefix(record.run))).toHaveLength(1);
    await removeOtherParts(orchestrator, record.run, []);
    expect(await store.list(modelPartsPrefix(record.run))).toHaveLength(0);
  },
});

const budget: Fault = {
  name: "a run's dollars are noted before they are spent, and read by who goes on with it",
  role: "orchestrator",
  async meet(under) {
    const store = memoryStore();
    const own = () => openSpendingGrant(as(store, "orchestrator", under), "trial", 1);
    await (await own()).extend(0.25);
    expect((await own()).beforeUsd).toBeGreaterThanOrEqual(0.25);
  },
};

export const faults: readonly Fault[] = [
  leftEvents,
  budget,
  ...workers.map(expiredForWorker),
  expiredForOrchestrator,
  ...(["networkWorker", "orchestrator"] as const).map(network),
  ...workers.map(memories),
  ...workers.map(references),
];
