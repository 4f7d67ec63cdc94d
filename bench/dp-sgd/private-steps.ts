import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

/**
 * `node bench/dp-sgd/private-steps.ts CHECKOUT FOLDER`: steps of 784-128-10 by a checkout of kofn,
 * the case of FOLDER as for `../peers/opacus_steps.py`. For every line on standard input, `plain`,
 * `clipped` (a batch's clipped sum), `unnoised` (and a step along it) or `private`, it takes all
 * steps from the starting weights, and prints what that took and every step's mean loss.
 */
const [, , checkout, folder] = process.argv as [string, string, string, string];
const load = (file: string) => import(pathToFileURL(join(checkout, file)).href);
const { problems } = await load("src/problems/registry.ts");
const { gradient } = await load("src/tasks/gradient.ts");
const { clippedGradientSum } = await load("src/tasks/clipped-gradient-sum.ts");
const { noisyAggregate } = await load("src/tasks/noisy-aggregate.ts");
const { newSecret } = await load("src/privacy/mechanisms/secret-draws.ts");
const { batch, columns, rate, clip, noise } = JSON.parse(
  readFileSync(join(folder, "case.json"), "utf8"),
) as Record<"batch" | "columns" | "rate" | "clip" | "noise", number>;

const floats = (name: string) => {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const [start, rows, targets] = ["start.bin", "rows.bin", "targets.bin"].map(floats) as [
  Float32Array<ArrayBuffer>,
  Float32Array<ArrayBuffer>,
  Float32Array<ArrayBuffer>,
];
const steps = targets.length / batch;
const problem = await opened();
const secret = newSecret();
const about = { id: "step", slot: 0 } as const;
const rule = { mechanism: "gaussian", adjacency: "add-remove", sensitivity: clip, noise };
const publishes = { rule };
let use = 0;

type What = "plain" | "clipped" | "unnoised" | "private";

/** The sum that a step goes along, and the loss of the batch where it is told. */
function sumOf(what: What, round: number, weights: Float32Array) {
  const values = rows.subarray(round * batch * columns, (round + 1) * batch * columns);
  const own = targets.subarray(round * batch, (round + 1) * batch);
  const examples = { rows: { kind: "dense", rows: batch, columns, values }, targets: own };
  const at = { ...about, round, weights };
  if (what === "plain")
    return gradient.compute(problem, examples, { ...at, operation: "gradient" });
  const uses = { batchUse: `batch ${use++}`, noiseUse: "" };
  const clipped = clippedGradientSum.compute(
    problem,
    { examples, published: null, secret, ...uses },
    { ...at, operation: "clipped-sum", rate: 1, clip, publishes: null },
  );
  if (what !== "private") return clipped;
  return noisyAggregate.compute(
    problem,
    { published: null, sums: [clipped.values], secret, use: `total ${use++}` },
    { ...at, operation: "noised-sum", from: Uint32Array.of(0), publishes },
  );
}

/** All steps; `clipped` stays where it is, so that wide weights cost it nothing. */
function take(what: What): number[] {
  const weights = start.slice();
  return Array.from({ length: steps }, (_, round) => {
    // A clipped sum tells no loss.
    const told = what === "unnoised" ? sumOf("plain", round, weights).loss : 0;
    const { loss, values } = sumOf(what, round, weights);
    if (what === "clipped") return 0;
    for (let i = 0; i < weights.length; i++) weights[i]! -= (rate / batch) * values[i]!;
    return (loss + told) / batch;
  });
}

async function opened() {
  const model = join(import.meta.dirname, "../steps/wide.ts");
  const store = new Map<string, Uint8Array>();
  const raw = problems.create({ type: "network", model, backend: "wasm" });
  const staged = await raw.publishAssets(
    async (key: string, bytes: Uint8Array) => store.set(key, bytes),
    1,
  );
  const ready = problems.create({ type: "network", ...staged });
  await ready.load(async (key: string) => store.get(key) ?? null);
  return ready;
}

console.log(JSON.stringify({ version: "kofn" }));
for await (const line of createInterface({ input: process.stdin })) {
  const what = line as What;
  const [begunMs, begun] = [performance.now(), process.cpuUsage()];
  const losses = take(what);
  const { user, system } = process.cpuUsage(begun);
  const ms = performance.now() - begunMs;
  console.log(JSON.stringify({ ms, processorMs: (user + system) / 1000, losses }));
}
