import { durableRun, type SegmentReport } from "../src/backends/durable-run.ts";
import { runSegmentFrom } from "../src/backends/segment-report.ts";
import { s3Store } from "../src/storage/s3.ts";

const store = s3Store({ bucket: process.env.KOFN_BUCKET ?? "kofn" });

const segment = (run: string, remainingMs: () => number): Promise<SegmentReport> =>
  runSegmentFrom(store, { run, worker: process.env.KOFN_WORKER ?? "worker", remainingMs });

const durable = durableRun(segment);

/** A durable execution's invocation goes on with its run; any other does one segment of it. */
export const handler: typeof durable = async (event, context) => {
  if ("DurableExecutionArn" in event) return durable(event, context);
  const { run } = event as { readonly run: string };
  return segment(run, () => context.getRemainingTimeInMillis()) as never;
};
