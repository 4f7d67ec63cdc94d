import { functions } from "../src/limits.ts";
import { permissionsFor } from "./permissions.ts";
import type { Settings } from "./settings.ts";

const { memoryMb, timeoutMs } = functions.orchestrator;

/**
 * The orchestrator as a durable function: one durable step is a segment of many rounds, its state
 * is in the bucket, so a run outlives fifteen minutes and the laptop that started it.
 */
export function makeOrchestrator(
  settings: Settings,
  store: sst.aws.Bucket,
  { worker, networkWorker }: Readonly<Record<"worker" | "networkWorker", sst.aws.Function>>,
) {
  return new sst.aws.Function(`${settings.prefix}Orchestrator`, {
    bundle: `${settings.bundles}/orchestrator`,
    handler: "orchestrator.handler",
    runtime: functions.runtime,
    architecture: functions.architecture,
    memory: `${memoryMb} MB`,
    timeout: `${timeoutMs / 1000} seconds`,
    // A segment that failed goes on from its checkpoint: starting it again is safe.
    retries: 2,
    dev: false,
    durable: { timeout: "7 days", retention: "14 days" },
    logging: { format: "json", retention: "1 month" },
    environment: {
      KOFN_BUCKET: store.name,
      KOFN_WORKER: worker.name,
      KOFN_NETWORK_WORKER: networkWorker.name,
    },
    permissions: [
      ...permissionsFor("orchestrator", store),
      { actions: ["lambda:InvokeFunction"], resources: [worker.arn, networkWorker.arn] },
    ],
  });
}
