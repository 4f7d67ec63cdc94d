import { pathToFileURL } from "node:url";
import { meanMs } from "./timing.ts";

/**
 * `node bench/slices/step-before.ts CHECKOUT`: the embedding's step as another checkout of kofn
 * does it, all weights by a dense gradient, in milliseconds.
 */
const root = pathToFileURL(`${process.argv[2]}/`).href;
const { networkOf } = await import(`${root}test/problems/networks.ts`);
const { optimizers } = await import(`${root}src/optimizers/registry.ts`);
const { randomFrom } = await import(`${root}src/core/random.ts`);

const problem = await networkOf(`${import.meta.dirname}/table.ts`, { loss: "meanSquaredError" });
const random = randomFrom("ids");
const values = Float32Array.from({ length: 2_048 }, () => random.integer(30_000));
const targets = Float32Array.from({ length: 256 }, () => random.normal());
const examples = { rows: { kind: "dense", rows: 256, columns: 8, values }, targets };
let weights = problem.initial(randomFrom(1));
const sgd = optimizers.create({ type: "sgd", learningRate: 0.1 });
const ms = meanMs(7, () => {
  const sum = new Float64Array(weights.length);
  problem.lossAndGradient(examples, weights, sum);
  const gradient = Float64Array.from(new Float32Array(sum));
  const shrink = (point: Float64Array) => point;
  const here = { weights, asked: weights, gradient, stepSize: 0.1 / 256, shrink };
  weights = Float32Array.from(sgd.move(sgd.start(), here).weights);
});
console.log(JSON.stringify({ ms }));
