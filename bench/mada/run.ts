import { parseArgs } from "node:util";
import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { losses, overRows } from "../../src/problems/network/losses.ts";
import type { Engine } from "../../src/tfjs/engine.ts";
import { type Corpus, corpusOf } from "./corpus.ts";
import { openTransformer } from "./open-transformer.ts";
import { positions } from "./transformer.ts";

/**
 * MADA beside what it interpolates, on a character transformer, from good and bad pairs of beta1
 * and beta2: everything else at its defaults, the same start and the same minibatches for all.
 * Tells mean, deviation and worst of the losses at the end.
 */
const { values } = parseArgs({
  options: {
    text: { type: "string", default: "../shared/data/tinyshakespeare.txt" },
    steps: { type: "string", default: "500" },
    batch: { type: "string", default: "16" },
    windows: { type: "string", default: "256" },
    beta1: { type: "string", default: "0.1,0.5,0.9,0.99" },
    beta2: { type: "string", default: "0.501,0.9,0.99" },
    optimizers: { type: "string", default: "adam,lion,adan,yogi,avgrad,mada" },
    settings: { type: "string", default: "{}" },
  },
});
const [steps, batch, windows] = [values.steps, values.batch, values.windows].map(Number) as Three;
type Three = [number, number, number];
const corpus = corpusOf(values.text, positions);
if (corpus === null) {
  console.log(`skipped: ${values.text} is not there (--text names another file)`);
  process.exit(0);
}
const engine = await openTransformer(
  corpus.vocabulary,
  overRows(lossOf(), positions, corpus.vocabulary),
);
const settings = JSON.parse(values.settings) as Record<string, object>;
const pairs = numbers(values.beta1).flatMap((beta1) =>
  numbers(values.beta2).map((beta2) => ({ beta1, beta2 })),
);
console.log(
  `${engine.weightsLength} weights, ${corpus.vocabulary} characters, ${steps} steps of ${batch} ` +
    `windows of ${positions}, ${pairs.length} pairs; losses over ${windows} windows at the end`,
);

interface Outcome {
  readonly beta1: number;
  readonly beta2: number;
  readonly train: number;
  readonly validation: number;
  readonly learned?: Readonly<Record<string, number>>;
}
const table: Record<string, unknown>[] = [];
for (const type of values.optimizers.split(",")) {
  const outcomes: Outcome[] = [];
  for (const pair of pairs) {
    const startedMs = performance.now();
    const chosen = { type, ...pair, ...settings[type] };
    const outcome = { ...pair, ...trained(engine, corpus, optimizers.create(chosen) as Stepper) };
    outcomes.push(outcome);
    const seconds = (performance.now() - startedMs) / 1000;
    console.log(`  ${type.padEnd(8)}${JSON.stringify(outcome)}  ${seconds.toFixed(0)} s`);
  }
  table.push({ optimizer: type, ...summary(outcomes), outcomes });
}
console.log("\noptimizer   train: mean   deviation   worst   validation: mean   deviation   worst");
for (const row of table) console.log(line(row as unknown as Row));
console.log(JSON.stringify({ bench: "mada", steps, batch, weights: engine.weightsLength, table }));

/** Losses after training from the common start. */
function trained(net: Engine, text: Corpus, optimizer: Stepper): Omit<Outcome, "beta1" | "beta2"> {
  const random = randomFrom("mada");
  let weights = net.initial(random.fork("weights"));
  let asked = weights;
  let memory = optimizer.start();
  for (let round = 0; round < steps; round++) {
    const gradient = gradientAt(
      net,
      text.draw(batch, random.fork(`batch/${round}`)),
      asked,
      random,
    );
    const stepSize = optimizer.stepSize({ smoothness: 1, share: 1, round });
    const shrink = (point: Float64Array<ArrayBuffer>) => point;
    const moved = optimizer.move(memory, { weights, asked, gradient, stepSize, shrink });
    memory = moved.memory;
    weights = Float32Array.from(moved.weights);
    asked = moved.ask === null ? weights : Float32Array.from(moved.ask);
  }
  const told = optimizer.learned?.(memory);
  const learned = told === undefined ? {} : { learned: rounded(told) };
  const lossOver = (part: "train" | "validation") =>
    net.loss(text.fixed(part, windows), weights) / windows;
  return { train: lossOver("train"), validation: lossOver("validation"), ...learned };
}

function gradientAt(
  net: Engine,
  examples: Examples,
  at: Float32Array<ArrayBuffer>,
  random: Random,
): Float64Array<ArrayBuffer> {
  const gradient = new Float64Array(at.length);
  net.lossAndGradient(examples, at, gradient, random);
  return gradient.map((value) => value / batch);
}

interface Row {
  readonly optimizer: string;
  readonly train: Summary;
  readonly validation: Summary;
}

interface Summary {
  readonly mean: number;
  readonly deviation: number;
  readonly worst: number;
}

function summary(outcomes: readonly Outcome[]): Pick<Row, "train" | "validation"> {
  return {
    train: summed(outcomes.map(({ train }) => train)),
    validation: summed(outcomes.map(({ validation }) => validation)),
  };
}

function summed(given: readonly number[]): Summary {
  const mean = given.reduce((sum, one) => sum + one, 0) / given.length;
  const squares = given.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / given.length), worst: Math.max(...given) };
}

function line({ optimizer, train, validation }: Row): string {
  const cell = (value: number) => value.toFixed(4).padStart(11);
  const cells = [train, validation].map((one) =>
    [one.mean, one.deviation, one.worst].map(cell).join(" "),
  );
  return `${optimizer.padEnd(9)}${cells.join("     ")}`;
}

function lossOf() {
  return losses.sparseCategoricalCrossentropy;
}

function numbers(list: string): number[] {
  return list.split(",").map(Number);
}

function rounded(given: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, Number(value.toFixed(4))]),
  );
}
