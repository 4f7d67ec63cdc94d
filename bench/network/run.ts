import { once } from "node:events";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";
import { handOver } from "../hand-over.ts";
import { race } from "../kernels/race.ts";
import { embeddingSteps } from "./embedding.ts";

/**
 * Steps a second of a 784-128-10 network at batch 64, forward, backward and a step of gradient
 * descent: kofn's own kernels, kofn over TensorFlow.js, and TensorFlow.js by itself, on the same
 * rows, taking turns. Then an embedding's step, which the stock WASM backend cannot do.
 */
const columns = 784;
const batch = 64;
const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "40" },
    repetitions: { type: "string", default: "15" },
  },
});
const steps = Number(values.steps);
const random = randomFrom("bench");
const all = Float32Array.from({ length: steps * batch * columns }, () => random.uniform());
const targets = Float32Array.from({ length: steps * batch }, () => random.integer(10));

const entry = new URL("./stock-thread.ts", import.meta.url);
const thread = new Worker(entry, { workerData: { rows: all, classes: targets, columns, batch } });
const [version] = (await once(thread, "message")) as [string];
const epoch = async (): Promise<number> => {
  thread.postMessage("epoch");
  const [ms] = (await once(thread, "message")) as [number];
  return ms;
};
const engines = { fused: await networkOf("auto"), tfjs: await networkOf("tfjs") };
const taken = await race(
  [
    { name: "kofn, own kernels", run: () => train(engines.fused) },
    { name: "kofn over TensorFlow.js", run: () => train(engines.tfjs) },
    { name: `TensorFlow.js ${version} wasm, fit`, ask: epoch },
  ],
  Number(values.repetitions),
);
await thread.terminate();

console.log("784-128-10, batch 64                    steps/s (median)      (best)");
const rates = Object.entries(taken).map(([name, { medianMs, bestMs }]) => {
  const row = { name, median: (1000 * steps) / medianMs, best: (1000 * steps) / bestMs };
  console.log(
    `${name.padEnd(38)}${row.median.toFixed(0).padStart(12)}${row.best.toFixed(0).padStart(16)}`,
  );
  return row;
});
const ratio = rates[0]!.median / rates.at(-1)!.median;
console.log(`ratio of medians, own kernels over stock: ${ratio.toFixed(1)}`);
const embedding = await embeddingSteps();
console.log(
  `embedding of 4,000 x 64, 512 looked up: ${embedding.ms.toFixed(1)} ms a step on WASM; ` +
    `stock WASM: ${embedding.stock}`,
);
handOver({ bench: "network", steps, batch, rates, ratio, embedding });

async function networkOf(engine: "auto" | "tfjs"): Promise<Problem> {
  const model = `${import.meta.dirname}/wide.ts`;
  const store = new Map<string, Uint8Array>();
  const raw = problems.create({ type: "network", model, engine, backend: "wasm" } as never);
  const write = async (key: string, bytes: Uint8Array) => store.set(key, bytes);
  const staged = await raw.publishAssets!(write, 1);
  const problem = problems.create({ type: "network", ...staged });
  await problem.load!(async (key) => store.get(key) ?? null);
  return problem;
}

function train(problem: Problem): void {
  const weights = problem.initial!(randomFrom(1));
  const gradient = new Float64Array(weights.length);
  for (let step = 0; step < steps; step++) {
    const from = step * batch;
    const own = all.subarray(from * columns, (from + batch) * columns);
    const examples: Examples = {
      rows: { kind: "dense", rows: batch, columns, values: own },
      targets: targets.subarray(from, from + batch),
    };
    problem.lossAndGradient(examples, weights, gradient.fill(0));
    for (let i = 0; i < weights.length; i++) weights[i]! -= (0.1 / batch) * gradient[i]!;
  }
}
