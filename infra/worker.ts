import { functions, lambda } from "../src/limits.ts";
import { store } from "./store.ts";

const { memoryMb, timeoutMs } = functions.worker;
const mostReservable = lambda.concurrencyDefault - lambda.unreservedMin;

/**
 * The worker: one function whose environments belong to one slot each, because a slot is a tenant.
 * It reads shards and what is carried through the store, and writes only what it carries back.
 */
export const worker = new sst.aws.Function("Worker", {
  bundle: "dist/functions-bundled/worker",
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
  // The most that an account's usual quota lets one function reserve; new accounts have less.
  concurrency: { reserved: Number(process.env.KOFN_CONCURRENCY ?? mostReservable) },
  environment: { KOFN_BUCKET: store.name },
  permissions: [
    {
      actions: ["s3:GetObject"],
      resources: ["parts", "prepared", "encoded", "runs"].map(
        (folder) => $interpolate`${store.arn}/${folder}/*`,
      ),
    },
    { actions: ["s3:PutObject"], resources: [$interpolate`${store.arn}/runs/*/carried/*`] },
  ],
  transform: {
    function(args) {
      args.tenancyConfig = { tenantIsolationMode: "PER_TENANT" };
    },
  },
});
