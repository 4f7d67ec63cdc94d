import { functions } from "../src/limits.ts";
import { store } from "./store.ts";
import { worker } from "./worker.ts";

const { memoryMb, timeoutMs } = functions.orchestrator;

/**
 * The orchestrator as a durable function: one durable step is a segment of many rounds, its state
 * is in the bucket, so a run outlives fifteen minutes and the laptop that started it.
 */
export const orchestrator = new sst.aws.Function("Orchestrator", {
  bundle: "dist/functions-bundled/orchestrator",
  handler: "orchestrator.handler",
  runtime: functions.runtime,
  architecture: functions.architecture,
  memory: `${memoryMb} MB`,
  timeout: `${timeoutMs / 1000} seconds`,
  // A segment that failed goes on from its checkpoint: starting it again is safe, twice is enough.
  retries: 2,
  dev: false,
  durable: { timeout: "7 days", retention: "14 days" },
  logging: { format: "json", retention: "1 month" },
  environment: { KOFN_BUCKET: store.name, KOFN_WORKER: worker.name },
  permissions: [
    {
      actions: ["s3:GetObject"],
      resources: ["parts", "prepared", "encoded", "runs"].map(
        (folder) => $interpolate`${store.arn}/${folder}/*`,
      ),
    },
    {
      actions: ["s3:PutObject", "s3:DeleteObject"],
      resources: [$interpolate`${store.arn}/runs/*`],
    },
    {
      actions: ["s3:ListBucket"],
      resources: [store.arn],
      conditions: [{ test: "StringLike", variable: "s3:prefix", values: ["runs/*"] }],
    },
    { actions: ["lambda:InvokeFunction"], resources: [worker.arn] },
  ],
});
