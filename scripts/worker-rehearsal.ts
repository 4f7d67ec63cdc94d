import type { Rehearsal } from "../src/emulator/runtime/rehearsal.ts";
import { workerRequestOf } from "../src/platform/backend.ts";
import { createRun } from "../src/platform/training/create-run.ts";
import { resolveSpec } from "../src/run/resolve-spec.ts";
import { memoryStore } from "../src/storage/memory.ts";
import type { GradientTask } from "../src/tasks/gradient.ts";
import { toJsonBytes } from "../src/wire/packet.ts";
import { createWorker } from "../src/worker/worker.ts";

const features = 4;
const spec = {
  problem: "ridge",
  data: { generate: { type: "regression", rows: 16, features } },
  workers: 2,
  wait: "all",
  stop: { rounds: 1 },
};

/** What a worker is asked first, and what it reads to answer: the same at every call. */
export async function workerRehearsal(): Promise<Rehearsal> {
  const store = memoryStore();
  const record = await createRun(
    resolveSpec(spec),
    { name: "emulated", store },
    {},
    "2000-01-01-rehearsal",
  );
  const weights = new Float32Array(features + 1);
  const task: GradientTask = { id: "0/0", slot: 0, round: 0, operation: "gradient", weights };
  const request = workerRequestOf(record, task);
  const objects: Record<string, string> = {};
  const reading = {
    ...store,
    async read(key: string) {
      const found = await store.read(key);
      if (found !== null) objects[key] = Buffer.from(found).toString("base64");
      return found;
    },
  };
  await createWorker(reading)(request);
  return { event: Buffer.from(toJsonBytes(request)).toString("utf8"), objects };
}
