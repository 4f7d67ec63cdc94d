import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { continueRun } from "../../src/platform/training/start-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { faultDecisionOf } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { handOver } from "../hand-over.ts";
import { runPeer } from "../peers/peer.ts";

/**
 * 8 workers, 40 rounds, each task late by one second with probability 5 %, the same tasks late for
 * everyone. kofn trains a ridge regression over the emulator; the peers pass arrays of the same
 * size around and do nothing else.
 */
const workers = 8;
const rounds = 40;
const quorum = 6;
const features = 20;
/** 13 of the 40 rounds have a late task, none has more than two. */
const seed = 8;
const weather = { model: "late", probability: 0.05, delayMs: 1000 };
const common = {
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: 2_000, features, noise: 0.5 } },
  workers,
  optimizer: "gradient-descent",
  stop: { rounds, tolerance: 0 },
  weather,
  seed,
};

async function kofn(wait: unknown): Promise<{ seconds: number; objective: number }> {
  const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const spec = resolveSpec({ ...common, wait });
  const backend = await openComputeBackend("emulated", { home, spec });
  const { result } = await continueRun(await createRun(spec, backend), backend, home);
  await backend.close();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  return result;
}

const some = await kofn({ fastest: quorum });
const all = await kofn("all");
const delaysMs = Array.from({ length: rounds }, (_, round) =>
  Array.from({ length: workers }, (_, slot) => {
    const task = `round-${round}/gradient/slot-${slot}`;
    return faultDecisionOf(weatherFrom(weather), { task, slot, round }, seed).delayMs;
  }),
);
const input = { delaysMs, quorum, entries: features + 1 };
const ray = runPeer("ray_stragglers.py", input);
const dask = runPeer("dask_stragglers.py", input);

const rows: [string, number][] = [
  [`kofn, fastest ${quorum} of ${workers}, encoded`, some.seconds],
  ["kofn, all", all.seconds],
];
if (ray !== null) rows.push([`ray ${ray.version}, all`, Number(ray.allSeconds)]);
if (ray !== null)
  rows.push([`ray ${ray.version}, first ${quorum} by ray.wait`, Number(ray.firstSeconds)]);
if (dask !== null) rows.push([`dask ${dask.version}, all`, Number(dask.allSeconds)]);
for (const [name, seconds] of rows) {
  const ratio = (seconds / some.seconds).toFixed(2);
  console.log(`${name.padEnd(36)} ${seconds.toFixed(2).padStart(7)} s  ${ratio}x`);
}
const gap = Math.abs(some.objective / all.objective - 1);
console.log(`objective: ${some.objective} against ${all.objective} (${(gap * 100).toFixed(3)} %)`);
handOver({ bench: "stragglers", seconds: Object.fromEntries(rows), gap });
