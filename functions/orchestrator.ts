import { workerCompute } from "../src/backends/worker-compute.ts";
import { systemClock } from "../src/compute/system-clock.ts";
import { orchestrate } from "../src/run/orchestrate.ts";
import { readRecord } from "../src/run/record.ts";
import { s3Store } from "../src/storage/s3.ts";

/** Kept for saving and evaluating before the platform's own time-out. */
const marginMs = 30_000;

const store = s3Store({ bucket: process.env.KOFN_BUCKET ?? "kofn" });

/** One segment of a run; the reply says whether there is more to do. */
export async function handler(
  event: { readonly run: string },
  context: { getRemainingTimeInMillis(): number },
): Promise<{ run: string; stop: string; reason: string; rounds: number; weightsDigest: string }> {
  const record = await readRecord(store, event.run);
  const compute = workerCompute(record, process.env.KOFN_WORKER ?? "worker", store);
  const signal = AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - marginMs));
  const { end, result } = await orchestrate(record, {
    store,
    clock: systemClock(),
    compute,
    signal,
  });
  await compute.close();
  const reason = end.stop.kind === "done" ? "finished" : end.stop.reason;
  const { rounds, weightsDigest } = result;
  return { run: record.run, stop: end.stop.kind, reason, rounds, weightsDigest };
}
