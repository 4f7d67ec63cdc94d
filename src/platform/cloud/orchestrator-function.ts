import { s3Store } from "../../storage/s3.ts";
import { durableRun, type SegmentReport } from "./durable-run.ts";
import { runSegmentFrom } from "./segment-report.ts";

type Handler = ReturnType<typeof durableRun>;

/**
 * The orchestrator's Lambda handler over the worker functions with these names. An invocation of a
 * durable execution continues its run; any other trains one segment and reports how it ended.
 */
export function createOrchestratorFunction(where: {
  readonly bucket: string;
  readonly worker: string;
  /** Where it is absent, the worker's own bundle must hold networks. */
  readonly networkWorker?: string;
  /** What all runs over this bucket may spend on a day; absent for no cap. */
  readonly dailyUsd?: number | undefined;
}): Handler {
  const store = s3Store({ bucket: where.bucket });
  const segment = (
    run: string,
    owner: string,
    remainingMs: () => number,
    toldMs?: number,
    goesOn = true,
  ): Promise<SegmentReport> =>
    runSegmentFrom(store, {
      ...{ run, workers: where, owner, goesOn, toldMs, remainingMs },
      dailyUsd: where.dailyUsd,
    });
  const durable = durableRun(segment);
  return async (event, context) => {
    if ("DurableExecutionArn" in event) return durable(event, context);
    const { run } = event as { readonly run: string };
    const remainingMs = () => context.getRemainingTimeInMillis();
    return segment(run, context.awsRequestId, remainingMs, undefined, false) as never;
  };
}
