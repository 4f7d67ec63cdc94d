import { hash } from "node:crypto";
import { type AccessRequest, isAllowed, type Statement } from "../../src/emulator/iam/policy.ts";
import type { RunRecord } from "../../src/journal/run-record.ts";
import { workerRequestOf } from "../../src/platform/backend.ts";
import { takeLease } from "../../src/platform/cloud/lease.ts";
import { stageCap } from "../../src/platform/cloud/stage-cap.ts";
import { openDataSource } from "../../src/platform/open-source.ts";
import { workerFor } from "../../src/platform/worker-compute.ts";
import type { Compute } from "../../src/ports/compute.ts";
import type { Store } from "../../src/ports/store.ts";
import { ingest, publishProblemAssets } from "../../src/run/ingest.ts";
import { orchestrate, recordRun } from "../../src/run/orchestrate.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../src/simulation/virtual-clock.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import type { WorkerReply, WorkerRequest, WorkerTask } from "../../src/tasks/protocol.ts";
import { faultDecisionOf } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { offloadingCompute, withInflatedInputs } from "../../src/worker/payload-offload.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { guardedStore } from "../doubles/guarded-store.ts";

export type Role = "worker" | "networkWorker" | "orchestrator";
export type Roles = Readonly<Record<Role, readonly Statement[]>>;

/** What a role wanted to do; a run under roles collects these. */
export interface Wanted {
  readonly role: Role;
  readonly action: AccessRequest;
}

/** Arrays above this go through the store, so that small runs carry some as large ones do. */
const carriedBytesMin = 256;
/** An environment ends after so many calls: the next one finds in the store what it remembers. */
const callsMaxUsual = 2;
/** Replies lost before a run counts as one that the platform refuses for ever. */
const lostMaxUsual = 6;

/** A recorded run with its data, as the command line leaves it to an orchestrator. */
export interface Staged {
  readonly record: RunRecord;
  readonly store: Store;
}

/** Stages a spec, as whoever starts a run does: with that person's own permissions. */
export async function staged(given: unknown): Promise<Staged> {
  const store = memoryStore();
  const spec = await publishProblemAssets(resolveSpec(given), store);
  const data = await ingest(spec, { open: openDataSource, store });
  const about = { run: "trial", startedAt: new Date(0), backend: "simulated" };
  return { record: await recordRun(store, about, spec, data), store };
}

/** The same with nothing done yet, but with the secrets that noise is keyed by. */
export async function again({ record, store }: Staged): Promise<Staged> {
  const copy = memoryStore();
  for (const key of await store.list(""))
    if (!key.startsWith(`runs/${record.run}/`) || key.endsWith("/run.json"))
      await copy.write(key, (await store.read(key))!);
  return { record, store: copy };
}

/** How a run ended, and what it leaves for good: its model and all else but its own recordings. */
export interface Left {
  readonly stop: string;
  /** Why it stopped, where it is not done. */
  readonly reason: string;
  readonly result: object;
  readonly objects: Readonly<Record<string, string>>;
}

export interface How {
  readonly note?: (wanted: Wanted) => void;
  readonly callsMax?: number | undefined;
  /** Replies lost before it is interrupted; its own patience decides where there is no end. */
  readonly lostMax?: number;
  /** What the environments of one slot may do besides; nothing else where it is absent. */
  readonly slotStore?: (store: Store, slot: number) => Store;
}

/**
 * The run as it is deployed, in this process on a virtual clock: an orchestrator that holds its
 * lease, environments of one slot each, arrays through the store; each side under its own role,
 * or, without roles, with all permissions.
 */
export async function runUnder(
  { record, store }: Staged,
  roles: Roles | null,
  {
    note = () => {},
    callsMax = callsMaxUsual,
    slotStore = (one) => one,
    lostMax = lostMaxUsual,
  }: How = {},
): Promise<Left> {
  // Read at every action, since a role may change while a run is on.
  const as = (role: Role) =>
    roles === null ? store : asRole(store, role, () => roles[role], note);
  const own = as("orchestrator");
  const lease = await takeLease(own, record.run, "execution");
  const control = new AbortController();
  const names = { worker: "worker", networkWorker: "networkWorker" };
  // So high that it never holds anything up: it is there for what it does with the store.
  const cap = stageCap(own, { run: record.run, capUsd: 1_000 });
  const { clock, compute: uncapped } = platform(record, {
    own,
    worker: as(workerFor(record.spec, names) as Role),
    onLost: counter(lostMax, () => control.abort()),
    callsMax,
    slotStore,
  });
  const compute = cap.compute(uncapped, () => 0.001);
  const ports = { store: cap.store(lease.store), clock, compute, signal: control.signal };
  await cap.begin();
  const { end, result } = await orchestrate(record, ports).finally(lease.stop);
  await cap.close();
  await lease.release(true);
  const { kind: stop } = end.stop;
  const reason = end.stop.kind === "done" ? "" : end.stop.reason;
  return { stop, reason, result, objects: await objectsOf(store, record.run) };
}

/** The store as a role sees it. */
export function asRole(
  store: Store,
  role: Role,
  statements: () => readonly Statement[],
  note: (wanted: Wanted) => void,
): Store {
  return guardedStore(store, {
    bucket: "kofn",
    who: `arn:aws:sts::000000000000:assumed-role/${role}/${role}`,
    may(action) {
      note({ role, action });
      return isAllowed(statements(), action);
    },
  });
}

function platform(
  record: RunRecord,
  at: { own: Store; worker: Store; onLost: () => void } & Required<
    Pick<How, "callsMax" | "slotStore">
  >,
) {
  const clock = virtualClock();
  const sky = weatherFrom(record.spec.weather ?? { model: "calm" });
  const carrier = offloadingCompute(
    environments(record, (slot) => at.slotStore(at.worker, slot), at.callsMax!),
    at.own,
    record.run,
    carriedBytesMin,
  );
  const compute = simulatedCompute<WorkerTask, WorkerReply>({
    clock,
    perform: (task) =>
      new Promise((resolve, reject) => {
        carrier.start(task, (outcome) => {
          if (outcome.kind === "done") return resolve(outcome.result);
          at.onLost();
          reject(new Error(outcome.reason));
        });
      }),
    workMs: () => 5,
    fateOf: (task) =>
      faultDecisionOf(sky, { task: task.id, slot: task.slot, round: task.round }, "sky"),
    bytesDown: () => 100,
    bytesUp: () => 100,
  });
  return { clock, compute };
}

/** One for each slot, and another one after so many calls. */
function environments(
  record: RunRecord,
  storeOf: (slot: number) => Store,
  callsMax: number,
): Compute<WorkerTask, WorkerReply> {
  type Perform = (request: WorkerRequest) => Promise<object>;
  const open = new Map<number, { readonly perform: Perform; calls: number }>();
  const free = { billedMs: 0, coldStart: false, bytesDown: 0, bytesUp: 0, costUsd: 0 };
  return {
    start(task, deliver) {
      const known = open.get(task.slot);
      const store = storeOf(task.slot);
      const one =
        known === undefined || known.calls === callsMax
          ? {
              perform: withInflatedInputs(
                store,
                createWorker(store, () => 0),
                carriedBytesMin,
              ),
              calls: 0,
            }
          : known;
      one.calls++;
      open.set(task.slot, one);
      one.perform(workerRequestOf(record, task)).then(
        (result) => deliver({ kind: "done", result: result as WorkerReply }, free),
        (thrown: Error) => deliver({ kind: "lost", reason: thrown.message }, free),
      );
    },
    async close() {},
  };
}

function counter(most: number, reached: () => void): () => void {
  let count = 0;
  return () => {
    if (++count === most) reached();
  };
}

async function objectsOf(store: Store, run: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  // How often it saved depends on the real clock; so do its batches of events.
  const passing = /\/(orchestrator|events\/|state\.)/;
  for (const key of [...(await store.list(`runs/${run}/`)), ...(await store.list("secrets/"))])
    if (!passing.test(key)) found[key] = hash("sha256", (await store.read(key))!, "hex");
  return found;
}
