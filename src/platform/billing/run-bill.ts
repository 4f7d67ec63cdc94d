import type { Encoded } from "../../data/manifests.ts";
import { readCheckpoint } from "../../journal/checkpoint.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import { computeUsd, functions, gbSeconds, prices, tenantEnvironmentUsd } from "../../limits.ts";
import type { RunEvent, RunForecast } from "../../ports/events.ts";
import type { Store } from "../../ports/store.ts";
import { readHistory } from "../../run/finish.ts";
import { readEncodedManifest } from "../../worker/worker-context.ts";
import { heartbeatMs } from "../cloud/lease.ts";

/** The kinds of charges, as AWS's cost files distinguish them. */
export const charges = [
  "compute",
  "requests",
  "tenant environments",
  "durable operations",
  "durable data",
  "store writes",
  "store reads",
  "storage",
  "other",
] as const;

export type Charge = (typeof charges)[number];

export interface BillItem {
  readonly charge: Charge;
  readonly amount: number;
  readonly unit: string;
  readonly costUsd: number;
  /** Derived from how the run went, not counted one by one. */
  readonly isEstimate: boolean;
}

/** As long as an invocation lasts, but for its end. */
const segmentSeconds = 870;
/** What durable operations store: a segment's report. */
const reportBytes = 300;

/**
 * A run's bill, from metered usage and the one table of prices: the workers by their replies; for a
 * run in AWS also the orchestrator and the store, by its duration.
 */
export async function runBill(store: Store, record: RunRecord): Promise<BillItem[]> {
  const events = await readHistory(store, record.run);
  const checkpoint = await readCheckpoint<object>(store, record.run);
  const { slots } = await readEncodedManifest<Encoded>(store, record.encoded);
  const partsPerSlot = slots.flatMap(({ parts }) => parts).length / slots.length;
  const orchestrated = record.backend.startsWith("aws:") ? orchestrationOf(events) : nothing;
  return billItems({
    ...workersOf(events),
    ...orchestrated,
    checkpoints: checkpoint?.sequence ?? 0,
    objectsPerStart: 1 + partsPerSlot,
  });
}

/** What a run took, in the platform's own units. */
export interface Consumed {
  readonly workerMs: number;
  readonly invocations: number;
  readonly coldStarts: number;
  readonly orchestratorMs: number;
  readonly segments: number;
  readonly checkpoints: number;
  /** What a worker that starts reads of the store. */
  readonly objectsPerStart: number;
  /** Requests for arrays that went through the store. */
  readonly carriedReads?: number;
  readonly carriedWrites?: number;
}

export function billItems(used: Consumed): BillItem[] {
  const { worker, orchestrator } = functions;
  const workerGbs = gbSeconds(used.workerMs, worker.memoryMb);
  const orchestratorGbs = gbSeconds(used.orchestratorMs, orchestrator.memoryMb);
  const computed = workerGbs + orchestratorGbs;
  const computedUsd =
    computeUsd(workerGbs, worker.architecture) +
    computeUsd(orchestratorGbs, orchestrator.architecture);
  const beats = used.orchestratorMs / heartbeatMs;
  // Events and state of every checkpoint, and the end's four; a look for other orchestrators each.
  const writes = 4 * used.checkpoints + 2 * beats + 4 + (used.carriedWrites ?? 0);
  // A look every second for a mark to stop.
  const reads =
    used.orchestratorMs / 1000 + used.coldStarts * used.objectsPerStart + (used.carriedReads ?? 0);
  const inAws = used.segments > 0;
  const durableGb = (2 * used.segments * reportBytes) / 1e9;
  const item = (charge: Charge, amount: number, unit: string, usd: number, isEstimate = inAws) => ({
    charge,
    amount,
    unit,
    costUsd: amount * usd,
    isEstimate,
  });
  const tenantUsd = tenantEnvironmentUsd(worker.memoryMb);
  return [
    { ...item("compute", computed, "GB-s", 0), costUsd: computedUsd },
    item("requests", used.invocations + used.segments, "requests", prices.usdPerRequest),
    item("tenant environments", used.coldStarts, "starts", tenantUsd, false),
    item("durable operations", 2 * used.segments, "operations", prices.durable.usdPerOperation),
    item("durable data", durableGb, "GB", prices.durable.usdPerGbWritten),
    item("store writes", writes, "requests", prices.s3.usdPerPut, true),
    item("store reads", reads, "requests", prices.s3.usdPerGet, true),
  ].filter(({ amount }) => amount > 0);
}

/** The forecast cost of a run in AWS besides its workers: the orchestrator and the store. */
export function orchestrationUsd({ rounds, seconds }: Pick<RunForecast, "rounds" | "seconds">) {
  const items = billItems({
    workerMs: 0,
    invocations: 0,
    coldStarts: 0,
    orchestratorMs: 1000 * seconds,
    segments: Math.ceil(seconds / segmentSeconds),
    checkpoints: Math.min(rounds, seconds),
    objectsPerStart: 0,
  });
  return items.reduce((sum, { costUsd }) => sum + costUsd, 0);
}

function workersOf(events: readonly RunEvent[]) {
  const sum = { workerMs: 0, invocations: 0, coldStarts: 0, carriedReads: 0, carriedWrites: 0 };
  for (const event of events) {
    if (event.type === "arrival") {
      sum.carriedReads += event.usage.storeReads ?? 0;
      sum.carriedWrites += event.usage.storeWrites ?? 0;
    }
    if (event.type === "arrival" && event.usage.billedMs > 0) {
      sum.workerMs += event.usage.billedMs;
      sum.invocations++;
      if (event.usage.coldStart) sum.coldStarts++;
    } else if (event.type === "arrivals") {
      sum.workerMs += event.used.billedMs + event.unused.billedMs;
      sum.invocations += event.counted + event.late + event.lost;
      sum.coldStarts += event.coldStarts;
    }
  }
  return sum;
}

const nothing = { orchestratorMs: 0, segments: 0 };

function orchestrationOf(events: readonly RunEvent[]) {
  const resumed = events.filter(({ type }) => type === "resumed").length;
  const ends = events.flatMap((event) => ("atMs" in event ? [event.atMs] : []));
  return { orchestratorMs: ends.reduce((a, b) => Math.max(a, b), 0), segments: resumed + 1 };
}
