import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lambdaClient } from "../../src/compute/lambda-client.ts";
import { systemClock } from "../../src/compute/system-clock.ts";
import { startEmulatorProcess } from "../../src/emulator/emulator-process.ts";
import { deployed } from "../../src/platform/cloud/deployed.ts";
import { bucket } from "../../src/platform/local/paths.ts";
import { accessTo, ensureBucket } from "../../src/platform/local/s3-access.ts";
import { createRun } from "../../src/platform/training/start-run.ts";
import { workerCompute } from "../../src/platform/worker-compute.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import type { GradientTask } from "../../src/tasks/gradient.ts";

const features = 20;

/**
 * Milliseconds from an invocation to its reply, every one by an environment that is started for it
 * and reads its shard from S3: process, bundle, client, shard, gradient. Node's compile cache is
 * off, for Lambda has none. By turns over the folders, `repetitions` each.
 */
export async function firstReplies(
  folders: readonly string[],
  repetitions: number,
): Promise<number[][]> {
  const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const config = (directory: string) => ({
    directory,
    ...deployed.worker,
    environment: { KOFN_BUCKET: bucket, NODE_DISABLE_COMPILE_CACHE: "1" },
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
    const times = folders.map((): number[] => []);
    for (let slot = 0; slot < repetitions; slot++)
      for (const [i, all] of times.entries())
        all.push(await reply(workerCompute(record, `worker-${i}`, store, client), slot));
    await backend.close();
    return times;
  } finally {
    await emulator.close();
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
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
