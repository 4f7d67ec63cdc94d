import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lambdaClient } from "../src/compute/lambda-client.ts";
import { systemClock } from "../src/compute/system-clock.ts";
import { startEmulatorProcess } from "../src/emulator/emulator-process.ts";
import type { EmulatorOptions } from "../src/emulator/users.ts";
import { deployed } from "../src/platform/cloud/deployed.ts";
import { bucket, bundleFolder } from "../src/platform/local/paths.ts";
import { openComputeBackend } from "../src/platform/local/registry.ts";
import { accessTo, ensureBucket } from "../src/platform/local/s3-access.ts";
import { createRun } from "../src/platform/training/create-run.ts";
import { continueRun } from "../src/platform/training/start-run.ts";
import { workerCompute } from "../src/platform/worker-compute.ts";
import { resolveSpec } from "../src/run/resolve-spec.ts";
import { buildFunctions } from "./build-functions.ts";
import { runChecks } from "./conformance-checks.ts";
import { installedRic } from "./conformance-install.ts";

const given = {
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: 2_000, features: 20, noise: 0.5 } },
  workers: 4,
  wait: "all",
  encoding: { type: "hadamard", redundancy: 2 },
  optimizer: "l-bfgs",
  stop: { rounds: 10, tolerance: 0 },
  seed: 3,
  weather: { model: "calm" },
};

/**
 * AWS's own runtime client in place of kofn's, over the local Runtime API: the same run must give
 * the same bits, and the platform must look the same to functions of every kind.
 */
export async function conformanceRic(): Promise<boolean> {
  const client = await installedRic();
  if (client === null) return true;
  await buildFunctions("dist/functions-bundled");
  const bootstrap = [process.execPath, client];
  const simulated = await digestOf(runSimulated);
  const own = await digestOf((home) => runEmulated(home, undefined));
  const ric = await digestOf((home) => runEmulated(home, bootstrap));
  console.log(`weights, simulated:                 ${simulated}`);
  console.log(`weights, kofn's runtime client:     ${own}`);
  console.log(`weights, AWS's runtime client:      ${ric}`);
  const same = simulated === own && simulated === ric;
  console.log(same ? "the same bits" : "NOT the same bits");
  const checked = await platformChecks(bootstrap);
  return same && checked;
}

async function digestOf(run: (home: string) => Promise<string>): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "kofn-conformance-"));
  try {
    return await run(home);
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runSimulated(home: string): Promise<string> {
  const spec = resolveSpec(given);
  const backend = await openComputeBackend("simulated", { home, spec });
  try {
    const record = await createRun(spec, backend);
    return (await continueRun(record, backend, home)).result.weightsDigest;
  } finally {
    await backend.close();
  }
}

type Bootstrap = readonly string[] | undefined;

/** The deployed worker, one environment a slot; a reply that is lost would not go unnoticed. */
async function runEmulated(home: string, bootstrap: Bootstrap): Promise<string> {
  const worker = {
    directory: await bundleFolder("worker"),
    ...deployed.worker,
    environment: { KOFN_BUCKET: bucket },
    ...(bootstrap !== undefined && { bootstrap }),
  };
  const emulator = await startEmulatorProcess({ home, functions: { worker } });
  try {
    const access = accessTo(emulator.environment);
    const store = await ensureBucket(access);
    const client = lambdaClient(access.lambda);
    const backend = {
      name: "emulated",
      store,
      open: (record: Parameters<typeof workerCompute>[0]) => ({
        clock: systemClock(),
        compute: workerCompute(record, "worker", store, client),
      }),
      close: async () => client.destroy(),
    };
    const record = await createRun(resolveSpec(given), backend);
    const { result } = await continueRun(record, backend, home);
    await backend.close();
    const { lambda } = await emulator.bill();
    console.log(
      `${bootstrap === undefined ? "kofn's" : "AWS's"} runtime client: ` +
        `${result.rounds} rounds, ${lambda.invocations} invocations, ${result.erasures} erasures`,
    );
    return result.weightsDigest;
  } finally {
    await emulator.close();
  }
}

/** The platform's own checks, with functions behind the other client. */
async function platformChecks(bootstrap: readonly string[]): Promise<boolean> {
  const directory = join(import.meta.dirname, "../test/fixtures/lambda");
  const base = {
    directory,
    handler: "worker.handler",
    memoryMb: 512,
    timeoutMs: 20_000,
    bootstrap,
  };
  const tenancy = "PER_TENANT" as const;
  const functions: EmulatorOptions["functions"] = {
    worker: { ...base, tenancy },
    hasty: { ...base, tenancy, timeoutMs: 2_000 },
    plain: base,
    streaming: { ...base, handler: "worker.streaming", tenancy },
    single: { ...base, reservedConcurrency: 1 },
    broken: { ...base, handler: "broken.handler" },
  };
  const home = await mkdtemp(join(tmpdir(), "kofn-conformance-"));
  const emulator = await startEmulatorProcess({ home, functions });
  try {
    return await runChecks("test/conformance/lambda.test.ts", {
      ...emulator.environment,
      KOFN_CONFORMANCE_LAMBDA: emulator.endpoints.lambda,
    });
  } finally {
    await emulator.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}
