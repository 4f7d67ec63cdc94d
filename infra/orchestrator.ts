import { existsSync } from "node:fs";
import { functions } from "../src/limits.ts";
import { permissionsFor } from "./permissions.ts";
import type { Settings } from "./settings.ts";

const { memoryMb, timeoutMs, architecture } = functions.orchestrator;

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
    copyFiles: missingWasm(settings, "orchestrator"),
    handler: "orchestrator.handler",
    runtime: functions.runtime,
    architecture,
    memory: `${memoryMb} MB`,
    timeout: `${timeoutMs / 1000} seconds`,
    // A segment that failed goes on from its checkpoint: starting it again is safe.
    retries: 2,
    dev: false,
    durable: { timeout: "7 days", retention: "14 days" },
    logging: { format: "json", retention: "1 month" },
    environment: {
      KOFN_BUCKET: store.name,
      // A published orchestrator keeps its variables, and so the workers it was deployed with.
      KOFN_WORKER: versioned(worker),
      KOFN_NETWORK_WORKER: versioned(networkWorker),
      KOFN_DAILY_USD: String(settings.dailyUsd),
      // Where it tells runs that ask for it; it is in no VPC, so any address that is public.
      ...settings.reportTo,
    },
    permissions: [
      ...permissionsFor("orchestrator", store),
      {
        actions: ["lambda:InvokeFunction"],
        // Any version, as runs go on with the one that they began with; an ARN without one is
        // another resource to IAM, which orchestrators that knew no versions call.
        resources: [worker, networkWorker].flatMap(({ arn }) => [arn, $interpolate`${arn}:*`]),
      },
    ],
  });
}

/** A function's name with the version that this deployment publishes of it. */
function versioned({ name, nodes }: sst.aws.Function) {
  return $interpolate`${name}:${nodes.function.version}`;
}

/** Compiled code that lies beside all bundles that compute networks. */
const wasmFiles = ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"];

/** A package holds each of them once, beside the network worker: others have it copied. */
export function missingWasm({ bundles }: Settings, bundle: string): { from: string; to: string }[] {
  const isThere = (file: string) => existsSync(`${$cli.paths.root}/${bundles}/${bundle}/${file}`);
  return wasmFiles
    .filter((file) => !isThere(file))
    .map((file) => ({ from: `${bundles}/network-worker/${file}`, to: file }));
}
