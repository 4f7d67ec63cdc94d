import { systemClock } from "../compute/system-clock.ts";
import type { Store } from "../ports/store.ts";
import { orchestrate } from "../run/orchestrate.ts";
import { readRecord } from "../run/record.ts";
import type { SegmentReport } from "./durable-run.ts";
import { type WorkerNames, workerCompute, workerFor } from "./worker-compute.ts";

/** Kept for saving and evaluating before the platform's own time-out. */
const marginMs = 30_000;

/** One segment of a recorded run over the worker function, as long as the invocation has time. */
export async function runSegmentFrom(
  store: Store,
  how: { readonly run: string; readonly workers: WorkerNames; remainingMs(): number },
): Promise<SegmentReport> {
  const record = await readRecord(store, how.run);
  const compute = workerCompute(record, workerFor(record.spec, how.workers), store);
  const signal = AbortSignal.timeout(Math.max(0, how.remainingMs() - marginMs));
  try {
    const clock = systemClock();
    const { end, result } = await orchestrate(record, { store, clock, compute, signal });
    const reason = end.stop.kind === "done" ? "finished" : end.stop.reason;
    const { rounds, weightsDigest } = result;
    return { run: record.run, stop: end.stop.kind, reason, rounds, weightsDigest };
  } finally {
    await compute.close();
  }
}
