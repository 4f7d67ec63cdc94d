import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openComputeBackend } from "../../src/platform/local/registry.ts";
import { createRun } from "../../src/platform/training/create-run.ts";
import { continueRun } from "../../src/platform/training/start-run.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { handOver } from "../hand-over.ts";

/**
 * How long a simulation takes: `simulate WORKERS ROUNDS OPTIMIZER ROWS FEATURES STRATEGY`, with
 * three quarters of the workers counted, Lambda's lateness and so many data rows a worker, stored
 * twice. Local steps are two, of a row each, over uncoded rows; encoded blocks are of half as many
 * features as there are workers, over 10 rows, and of three or four stored rows a worker. Ratings
 * are of half as many users, and private records are of two classes. An arrival is one reply,
 * counted or not.
 */
const [workers = 10_000, rounds = 1_000] = process.argv.slice(2, 4).map(Number);
const optimizer = process.argv[4] ?? "gradient-descent";
const [rowsAWorker = 1, features = 10] = process.argv.slice(5, 7).map(Number);
const strategy = process.argv[7] ?? "rounds";
const generate = { type: "regression", rows: rowsAWorker * workers, features, noise: 0.5 } as const;
/** Of a record of two classes a worker. */
function privately(strategy: object, adjacency: string) {
  const isGossip = adjacency === "replace-one";
  return {
    problem: { type: "logistic", l2: isGossip ? 0.01 : 0 },
    data: {
      generate: { type: "classification", rows: generate.rows, features, classes: 2 },
      classes: [0, 1],
      standardize: false,
    },
    strategy,
    ...(isGossip ? {} : { optimizer: { type: "sgd", learningRate: 1, momentum: 0 } }),
    privacy: {
      epsilon: 3,
      delta: 0.00001,
      unit: "record",
      adjacency,
      clip: 1,
      ...(isGossip ? {} : { divisor: generate.rows }),
    },
  };
}
const ways = {
  rounds: {
    data: { generate },
    encoding: { type: "hadamard", redundancy: 2 },
    optimizer,
  },
  "local-steps": {
    data: { generate },
    encoding: "uncoded",
    strategy: { type: "local-steps", steps: 2, batch: 1, learningRate: 0.01 },
  },
  "encoded-blocks": {
    data: { generate: { ...generate, rows: 10, features: workers / 2 }, intercept: false },
    encoding: { type: "hadamard", redundancy: 2 },
    strategy: "encoded-blocks",
  },
  anytime: {
    data: { generate },
    encoding: "uncoded",
    optimizer: "sgd",
    strategy: { type: "anytime", seconds: 0.2 },
  },
  alternating: {
    problem: { type: "factorization", rank: 2, l2: 0.01 },
    data: { generate: { type: "ratings", rows: generate.rows, users: workers / 2, items: 50 } },
    encoding: { type: "hadamard", redundancy: 2 },
    strategy: "alternating",
  },
  "dp-sgd": privately({ type: "dp-sgd", rate: 0.5 }, "zero-out"),
  gossip: privately({ type: "gossip", graph: "ring", steps: 0.1 }, "replace-one"),
};
if (!(strategy in ways)) throw new Error(`which strategy? ${Object.keys(ways).join(", ")}`);
const spec = resolveSpec({
  problem: { type: "ridge", l2: 0.01 },
  ...ways[strategy as keyof typeof ways],
  workers,
  wait: { fastest: Math.ceil(0.75 * workers) },
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
  strategy,
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
  weights: result.weightsDigest.slice(0, 12),
};
for (const [name, value] of Object.entries(figures))
  console.log(`${name.padEnd(24)} ${typeof value === "number" ? round(value) : value}`);
handOver({ bench: "simulate", ...figures });

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
