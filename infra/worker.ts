import { functions } from "../src/limits.ts";
import type { Settings } from "./kofn.ts";
import { readable } from "./store.ts";

const { memoryMb, timeoutMs } = functions.worker;

/**
 * The worker: one function whose environments belong to one slot each, because a slot is a tenant.
 * It reads shards and what is carried through the store, and writes only what it carries back.
 */
export function makeWorker(settings: Settings, store: sst.aws.Bucket) {
  return new sst.aws.Function(`${settings.prefix}Worker`, {
    bundle: `${settings.bundles}/worker`,
    handler: "worker.handler",
    runtime: functions.runtime,
    architecture: functions.architecture,
    memory: `${memoryMb} MB`,
    timeout: `${timeoutMs / 1000} seconds`,
    streaming: true,
    // A worker that is asked again is asked by the orchestrator, which knows why.
    retries: 0,
    dev: false,
    logging: { format: "json", retention: "1 month" },
    concurrency: { reserved: settings.concurrency },
    environment: { KOFN_BUCKET: store.name },
    permissions: [
      readable(store),
      { actions: ["s3:PutObject"], resources: [$interpolate`${store.arn}/runs/*/carried/*`] },
    ],
    transform: {
      function(args) {
        args.tenancyConfig = { tenantIsolationMode: "PER_TENANT" };
      },
    },
  });
}
