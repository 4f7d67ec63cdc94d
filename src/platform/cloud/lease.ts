import { RunError } from "../../core/errors.ts";
import { jsonBytes } from "../../core/json.ts";
import type { Store } from "../../ports/store.ts";
import { readJson } from "../../run/finish.ts";
import type { Effects } from "../../store-effects.ts";
import { epochKey, epochsPrefix, leaseKey } from "../../store-layout.ts";
import { fencedStore } from "./fenced-store.ts";

/**
 * Who orchestrates a run in AWS, and until when nobody else may: one object that its orchestrator
 * writes anew twice a minute. Beside it every orchestrator that ever began has an object of its
 * own, written once: their numbers say who came last, whatever clocks say.
 */
export interface Lease {
  readonly epoch: number;
  readonly owner: string;
  readonly untilMs: number;
}

/** A store through which only the newest orchestrator writes, and the way to let go. */
export interface HeldLease {
  readonly store: Store;
  /** Stops the heartbeats; the lease stays valid for a while, since its owner may continue soon. */
  stop(): void;
  /** Releases the lease; without `isOver` it stays valid as long as after a heartbeat. */
  release(isOver: boolean): Promise<void>;
}

/** How often an orchestrator renews its lease. */
export const heartbeatMs = 30_000;
/** Longer than the longest pause between two tries of a segment, and a cold start. */
const validMs = 120_000;
/** From starting an orchestrator until it counts as missing. */
const startMs = 180_000;
/** The owner of a lease that waits for an orchestrator. */
const nobody = "starting";

export const leaseEffects: Effects = {
  roles: ["orchestrator"],
  reads: ["lease", "epochs"],
  writes: ["lease", "epochs"],
};

export const supersededCode = "superseded";

/** A run nobody has orchestrated yet has no lease. */
export async function readLease(store: Store, run: string): Promise<Lease | null> {
  return readJson<Lease>(store, leaseKey(run));
}

/** Whether an orchestrator has renewed its lease lately, or was just started. */
export async function isOrchestrated(store: Store, run: string, nowMs = Date.now()) {
  const lease = await readLease(store, run);
  return lease !== null && lease.untilMs > nowMs;
}

/**
 * Announces that an orchestrator was started. Returns the number of the one before it. Throws
 * `RunError` while that one is still at work.
 */
export async function announceStart(store: Store, run: string, nowMs = Date.now()) {
  const epoch = await newestEpoch(store, run);
  const before = await standing(store, run, epoch);
  if (isTaken(before, nowMs)) throw superseded(run, "is at it");
  await writeLease(store, run, { epoch, owner: nobody, untilMs: nowMs + startMs });
  return epoch;
}

/** Withdraws the announcement of an orchestrator that did not start. */
export async function withdrawStart(store: Store, run: string, epoch: number): Promise<void> {
  await writeLease(store, run, { epoch, owner: nobody, untilMs: 0 });
}

/**
 * Makes `owner` the run's only orchestrator: of several at once exactly one succeeds, and the one
 * before it can write no more. Throws `RunError` while another one is at work.
 */
export async function takeLease(
  store: Store,
  run: string,
  owner: string,
  nowMs: () => number = Date.now,
): Promise<HeldLease> {
  const newest = await newestEpoch(store, run);
  const before = await standing(store, run, newest);
  if (isTaken(before, nowMs()) && before?.owner !== owner) throw superseded(run, "is at it");
  const epoch = newest + 1;
  const first = jsonBytes({ epoch, owner, untilMs: nowMs() + validMs });
  if (!(await store.writeOnce(epochKey(run, epoch), first)))
    throw superseded(run, "began at the same moment");
  const extend = (untilMs: number) => writeLease(store, run, { epoch, owner, untilMs });
  await extend(nowMs() + validMs);
  const check = async () => {
    if ((await newestEpoch(store, run)) > epoch) throw superseded(run, "has taken over");
  };
  const timer = setInterval(() => {
    // Superseded, or a store that does not answer: the next write fails with the reason.
    check().then(
      () => extend(nowMs() + validMs).catch(() => undefined),
      () => undefined,
    );
  }, heartbeatMs).unref();
  return {
    store: fencedStore(store, run, check),
    stop: () => clearInterval(timer),
    async release(isOver) {
      clearInterval(timer);
      await check();
      await extend(isOver ? 0 : nowMs() + validMs);
    },
  };
}

/** The lease; of somebody who has begun and not written it yet, what they began with. */
async function standing(store: Store, run: string, newest: number): Promise<Lease | null> {
  const lease = await readLease(store, run);
  if (newest === 0 || (lease !== null && lease.epoch >= newest)) return lease;
  return readJson<Lease>(store, epochKey(run, newest));
}

function isTaken(lease: Lease | null, nowMs: number): boolean {
  return lease !== null && lease.owner !== nobody && lease.untilMs > nowMs;
}

async function newestEpoch(store: Store, run: string): Promise<number> {
  const newest = (await store.list(epochsPrefix(run))).at(-1);
  return newest === undefined ? 0 : Number(newest.slice(epochsPrefix(run).length));
}

async function writeLease(store: Store, run: string, lease: Lease): Promise<void> {
  await store.write(leaseKey(run), jsonBytes(lease));
}

function superseded(run: string, what: string): RunError {
  return new RunError(supersededCode, `another orchestrator of ${run} ${what}`, {
    hint: `kofn watch ${run} follows it`,
  });
}
