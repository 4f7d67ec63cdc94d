import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { systemClock } from "../../src/compute/system-clock.ts";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";
import { refusedPath, snapshotPath } from "../../src/emulator/lambda/snapshots.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { bucket } from "../../src/platform/local/paths.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { workerCompute } from "../../src/platform/worker-compute.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import type { GradientTask } from "../../src/tasks/gradient.ts";

const features = 20;
const pollMs = 50;

/** Of one folder's environments, each asked once. */
export interface FirstReplies {
  /** From an invocation to its reply, in milliseconds. */
  readonly wallMs: number[];
  /** What the processes took, but for threads that have ended; empty where nobody tells. */
  readonly processorMs: number[];
}

const snapshotBeside = (folder: string) => join(folder, "../worker-snapshot/worker-snapshot.js");

/** Waits until folders' environments start from snapshots, where their builds have any. */
export async function takeSnapshots(folders: readonly string[]): Promise<void> {
  await firstReplies(folders, 1, true);
  for (const script of folders.map(snapshotBeside))
    while (existsSync(script) && !isTakenOrRefused(snapshotPath(script))) await sleep(pollMs);
}

const isTakenOrRefused = (path: string) => existsSync(path) || existsSync(refusedPath(path));

/**
 * First replies, every one by an environment that is started for it and reads its shard from S3:
 * process, bundle, client, shard, gradient. By turns over the folders, `repetitions` each. Lambda
 * has no compile cache; emulated runs take Node's own, and snapshots.
 */
export async function firstReplies(
  folders: readonly string[],
  repetitions: number,
  isCached: boolean,
): Promise<FirstReplies[]> {
  const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const config = (directory: string) => ({
    directory,
    ...deployed.worker,
    environment: {
      KOFN_BUCKET: bucket,
      ...(isCached ? {} : { NODE_DISABLE_COMPILE_CACHE: "1" }),
    },
    ...(isCached ? { snapshot: snapshotBeside(directory) } : {}),
    spares: 0,
  });
  const functions = Object.fromEntries(
    folders.map((folder, i) => [`worker-${i}`, config(folder)] as const),
  );
  const emulator = await startEmulatorProcess({ home, functions });
  try {
    const access = accessTo(emulator.environment);
    const store = await ensureBucket(access);
    const client = lambdaClient(access.lambda);
    const backend = {
      name: "emulated",
      store,
      open: (record: Parameters<typeof workerCompute>[0]) => ({
        clock: systemClock(),
        compute: workerCompute(record, "worker-0", store, client),
      }),
      close: async () => client.destroy(),
    };
    const record = await createRun(resolveSpec(spec(repetitions)), backend);
    const found = folders.map((): FirstReplies => ({ wallMs: [], processorMs: [] }));
    for (let slot = 0; slot < repetitions; slot++)
      for (const [i, { wallMs }] of found.entries())
        wallMs.push(await reply(workerCompute(record, `worker-${i}`, store, client), slot));
    for (const { function: name, pid, state } of await emulator.environments())
      if (state !== "spare" && process.platform === "linux")
        found[Number(name.replace("worker-", ""))]!.processorMs.push(processorMsOf(pid));
    await backend.close();
    return found;
  } finally {
    await emulator.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

function processorMsOf(pid: number): number {
  const folder = `/proc/${pid}/task`;
  const nanoseconds = readdirSync(folder).map((thread) =>
    Number(readFileSync(join(folder, thread, "schedstat"), "latin1").split(" ")[0]),
  );
  return nanoseconds.reduce((sum, of) => sum + of, 0) / 1e6;
}

/** As many slots as repetitions: a slot that was asked before is warm. */
function spec(workers: number): object {
  return {
    problem: "ridge",
    data: { generate: { type: "regression", rows: 100 * workers, features } },
    workers,
    wait: "all",
    encoding: "uncoded",
    optimizer: "gradient-descent",
    stop: { rounds: 1 },
    weather: { model: "calm" },
  };
}

function reply(compute: ReturnType<typeof workerCompute>, slot: number): Promise<number> {
  const weights = new Float32Array(features + 1);
  const task: GradientTask = { id: `0/${slot}`, slot, round: 0, operation: "gradient", weights };
  const begunMs = performance.now();
  return new Promise((resolve, reject) => {
    compute.start(task, (outcome) => {
      if (outcome.kind === "lost") reject(new Error(outcome.reason));
      else resolve(performance.now() - begunMs);
    });
  });
}
