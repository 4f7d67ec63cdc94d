import type { RunRecord } from "../../journal/run-record.ts";
import { cancelKey } from "../../store-layout.ts";
import type { OpenedRun } from "./open-run.ts";
import { overviewOf, type RunStatus } from "./run-overview.ts";

/**
 * Marks a running run, so that whoever runs it stops within about a second. Returns the status
 * that it had: one that is not running is left as it is.
 */
export async function cancelRun(
  { store, isLive }: OpenedRun,
  record: RunRecord,
): Promise<RunStatus> {
  const { run } = record;
  const { status } = await overviewOf(store, record, await isLive(run));
  if (status === "running")
    await store.write(cancelKey(run), new TextEncoder().encode(new Date().toISOString()));
  return status;
}
