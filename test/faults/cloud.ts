import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { systemClock } from "../../src/compute/system-clock.ts";
import { startEmulator } from "../../src/emulator/emulator.ts";
import type { FunctionConfig } from "../../src/emulator/lambda/function-config.ts";
import type { EmulatorOptions } from "../../src/emulator/users.ts";
import type { RunRecord } from "../../src/journal/run-record.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { bucket, bundleFolder } from "../../src/platform/local/paths.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { continueRun } from "../../src/platform/training/start-run.ts";
import { workerCompute } from "../../src/platform/worker-compute.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { Store } from "../../src/ports/store.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { runOn, smallRidge, temporaryHome } from "../scenarios/workplace.ts";

export interface Ill {
  readonly faults?: EmulatorOptions["faults"];
  readonly weather?: EmulatorOptions["weather"];
  /** What differs from the worker as it is deployed. */
  readonly worker?: Partial<FunctionConfig>;
}

interface Training {
  readonly spec?: object;
  readonly record?: RunRecord;
  readonly store?: Store;
  readonly clock?: Clock;
  readonly listen?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
  /** The worker by another name than its own, as with a version behind it. */
  readonly worker?: string;
}

/** Three workers, three rounds, everybody waited for: what all replies together lead to. */
export const given = {
  ...smallRidge,
  workers: 3,
  wait: "all",
  stop: { rounds: 3, tolerance: 0, patience: 600 },
};

/** The deployed worker bundle over a local Lambda and S3 of which something is out of order. */
export async function illCloud({ faults, weather, worker }: Ill) {
  const home = await temporaryHome();
  const first: FunctionConfig = {
    directory: await bundleFolder("worker"),
    ...deployed.worker,
    spares: 0,
    ...worker,
    environment: { KOFN_BUCKET: bucket, ...worker?.environment },
  };
  const emulator = await startEmulator({
    home: home.path,
    functions: { worker: first },
    ...(faults === undefined ? {} : { faults }),
    weather: weather ?? { model: "calm", coldStartMs: 0 },
  });
  const access = accessTo(emulator.environment);
  const client = lambdaClient(access.lambda);
  const usual = await ensureBucket(access);
  return {
    home: home.path,
    emulator,
    access,
    /** Another build in the worker's place. */
    deployWorker: (directory: string) => emulator.deploy("worker", { ...first, directory }),
    /** Trains from nothing, or goes on with `record`, over this store or the usual one. */
    async train(how: Training = {}) {
      const store = how.store ?? usual;
      const events: RunEvent[] = [];
      const backend = {
        name: "emulated",
        store,
        open: (record: RunRecord) => ({
          clock: how.clock ?? systemClock(),
          compute: workerCompute(record, how.worker ?? "worker", store, client),
        }),
        close: async () => {},
      };
      const record = how.record ?? (await createRun(resolveSpec(how.spec ?? given), backend));
      const listen = (event: RunEvent) => {
        events.push(event);
        how.listen?.(event);
      };
      const { signal } = how;
      const watchers = { listen, ...(signal && { signal }) };
      return { ...(await continueRun(record, backend, home.path, watchers)), events };
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await emulator.close();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** The weights' digest where nothing is out of order. */
export async function undisturbed(spec: object = given): Promise<string> {
  await using home = await temporaryHome();
  return (await runOn("simulated", home.path, spec)).result.weightsDigest;
}
