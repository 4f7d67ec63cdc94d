import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { continueRun, createRun } from "../../src/platform/training/start-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";

/**
 * How long a simulation takes: `simulate WORKERS ROUNDS OPTIMIZER ROWS FEATURES`, with three
 * quarters of the workers counted, Lambda's lateness and so many data rows a worker, stored twice.
 * An arrival is one reply, counted or not.
 */
const [workers = 10_000, rounds = 1_000] = process.argv.slice(2, 4).map(Number);
const optimizer = process.argv[4] ?? "gradient-descent";
const [rowsAWorker = 1, features = 10] = process.argv.slice(5, 7).map(Number);
const spec = resolveSpec({
  problem: { type: "ridge", l2: 0.01 },
  data: { generate: { type: "regression", rows: rowsAWorker * workers, features, noise: 0.5 } },
  workers,
  encoding: { type: "hadamard", redundancy: 2 },
  wait: { fastest: Math.ceil(0.75 * workers) },
  optimizer,
  stop: { rounds, tolerance: 0 },
  weather: { model: "lambda" },
});
const home = await mkdtemp(join(tmpdir(), "kofn-bench-"));
const backend = await openComputeBackend("simulated", { home, spec });
const seconds = (sinceMs: number) => (performance.now() - sinceMs) / 1000;

const stagedMs = performance.now();
const record = await createRun(spec, backend);
const stageSeconds = seconds(stagedMs);
let arrivals = 0;
let trainSeconds = 0;
const startedMs = performance.now();
const processorBefore = process.cpuUsage();
const { result, end } = await continueRun(record, backend, home, {
  listen(event) {
    if (event.type === "stopped") trainSeconds = seconds(startedMs);
  },
});
arrivals = end.totals.invocations;
const totalSeconds = seconds(startedMs);
const { user, system } = process.cpuUsage(processorBefore);
const reportBytes = (await stat(result.report)).size;
await backend.close();
await rm(home, { recursive: true, force: true, maxRetries: 5 });

const figures = {
  workers,
  rounds: result.rounds,
  optimizer,
  rowsAWorker,
  features,
  arrivals,
  stageSeconds,
  trainSeconds,
  totalSeconds,
  processorSeconds: (user + system) / 1e6,
  microsecondsAnArrival: (1e6 * trainSeconds) / arrivals,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
  reportBytes,
  simulatedSeconds: result.seconds,
  objective: result.objective,
};
for (const [name, value] of Object.entries(figures))
  console.log(`${name.padEnd(24)} ${typeof value === "number" ? round(value) : value}`);
console.log(JSON.stringify({ bench: "simulate", ...figures }));

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
