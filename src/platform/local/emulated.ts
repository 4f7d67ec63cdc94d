import { lambdaClient } from "../../compute/lambda-client.ts";
import { systemClock } from "../../compute/system-clock.ts";
import type { RunningEmulator } from "../../emulator/emulator-process.ts";
import { joinAsOwner, joinEmulator } from "../../emulator/shared-emulator.ts";
import type { EmulatorUser } from "../../emulator/users.ts";
import { workerMemoryMb } from "../../spec/run-spec.ts";
import { type Backend, type BackendOptions, playedWeather } from "../backend.ts";
import { deployed } from "../cloud/deployed.ts";
import { workerCompute, workerFor } from "../worker-compute.ts";
import { deployedRoles } from "./deployed-roles.ts";
import { loadsMembers, ownModules } from "./own-modules.ts";
import type { WorkerName } from "./own-workers.ts";
import { bucket, bundleFolder, snapshotScript } from "./paths.ts";
import { accessTo, ensureBucket } from "./s3-access.ts";

const names = { worker: "worker", networkWorker: "network-worker" };
/** Of functions that publish versions, as the deployed ones do: the one they start with. */
const firstVersion = "1";
/** As a deployment has it where nobody says otherwise. */
const dailyUsd = "50";
/** Environments kept started where slots need others: one for so many workers, and at most 3. */
const workersPerSpare = 8;
const sparesMax = 3;
/** Started while the data are ingested, as a cloud would start them in parallel. */
const sparesAtStartMax = 16;

export interface EmulatedBackend extends Backend {
  /** The current emulator process: a new one after the last one died. */
  emulator(): RunningEmulator;
}

/** The parts of a spec that configure the platform; without a problem for the ordinary worker. */
type EmulatedSpec = Pick<BackendOptions["spec"], "weather" | "seed" | "workers"> &
  Partial<Pick<BackendOptions["spec"], "problem">>;

/**
 * Lambda and S3, played by a separate process with the deployed bundles. All runs of a home share
 * it: its S3 is one, and each run has functions of its own, in its own weather. With `isOwner` it
 * is asked under the home's lasting keys.
 */
export async function emulatedBackend({
  home,
  spec,
  isOwner = false,
}: Pick<BackendOptions, "home"> & {
  readonly spec: EmulatedSpec;
  readonly isOwner?: boolean;
}): Promise<EmulatedBackend> {
  const weather = playedWeather("emulated", spec.weather)!;
  const user = { seed: spec.seed, weather, functions: await functionsFor(home, spec) };
  const emulator = await supervised(home, user, isOwner);
  const access = accessTo(emulator.current().environment);
  const store = await ensureBucket(access);
  return {
    name: "emulated",
    store,
    open: (record) => ({
      clock: systemClock(),
      compute: workerCompute(
        record,
        workerFor(record.spec, names),
        store,
        lambdaClient(access.lambda),
      ),
    }),
    close: emulator.close,
    emulator: emulator.current,
  };
}

/** Where the workers' code is: in their bundles, unless they must know a program's own members. */
async function workerFolders(home: string): Promise<(name: WorkerName) => Promise<string>> {
  if (ownModules().length === 0) return bundleFolder;
  const { ownWorkerFolder } = await import("./own-workers.ts");
  return async (name) => ownWorkerFolder(home, name);
}

/** The functions as deployed; the worker that the run needs is kept warm. */
async function functionsFor(home: string, spec: EmulatedSpec): Promise<EmulatorUser["functions"]> {
  const { problem } = spec;
  const memoryMb = workerMemoryMb(spec);
  const folderOf = await workerFolders(home);
  const own = ownModules().length > 0 ? { [loadsMembers]: "1" } : {};
  const variables = { KOFN_BUCKET: bucket, ...own };
  const needed = problem === undefined ? names.worker : workerFor({ problem }, names);
  const spares = Math.min(sparesMax, Math.ceil(spec.workers / workersPerSpare));
  const started = (name: string) =>
    name === needed
      ? { spares, sparesAtStart: Math.min(spec.workers, sparesAtStartMax) }
      : { spares: 0 };
  return {
    [names.worker]: {
      directory: await folderOf("worker"),
      ...(ownModules().length > 0 ? {} : { snapshot: await snapshotScript("worker") }),
      ...deployed.worker,
      memoryMb,
      role: deployedRoles.worker,
      environment: variables,
      ...started(names.worker),
    },
    [names.networkWorker]: {
      directory: await folderOf("network-worker"),
      ...deployed.networkWorker,
      memoryMb,
      role: deployedRoles.networkWorker,
      environment: variables,
      ...started(names.networkWorker),
    },
    orchestrator: {
      directory: await bundleFolder("orchestrator"),
      ...deployed.orchestrator,
      role: deployedRoles.orchestrator,
      environment: {
        ...variables,
        KOFN_WORKER: `${names.worker}:${firstVersion}`,
        KOFN_NETWORK_WORKER: `${names.networkWorker}:${firstVersion}`,
        KOFN_DAILY_USD: dailyUsd,
      },
    },
  };
}

/**
 * An emulator that is there again on the same ports and data whenever its process dies, started by
 * whichever of its users is first: to a run it looks like a platform that was unreachable for a
 * moment.
 */
async function supervised(
  home: string,
  user: EmulatorUser,
  isOwner: boolean,
): Promise<{ current(): RunningEmulator; close(): Promise<void> }> {
  let current = await (isOwner ? joinAsOwner : joinEmulator)(home, user);
  let isClosing = false;
  const watch = async () => {
    while (!isClosing) {
      await current.ended;
      if (!isClosing) current = await current.rejoin();
    }
  };
  const watching = watch();
  return {
    current: () => current,
    async close() {
      isClosing = true;
      await current.close();
      await watching;
    },
  };
}
