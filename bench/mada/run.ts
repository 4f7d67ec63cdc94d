import { parseArgs } from "node:util";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { losses, overRows } from "../../src/problems/network/losses.ts";
import { handOver } from "../hand-over.ts";
import { corpusOf } from "./corpus.ts";
import { openTransformer } from "./open-transformer.ts";
import { type Course, trained } from "./train.ts";
import { positions } from "./transformer.ts";
import { tune } from "./tune.ts";

const folder = process.env.KOFN_DATA ?? "../shared/data";

/**
 * MADA beside what it interpolates, on a character transformer, from good and bad pairs of beta1
 * and beta2: everything else at its defaults, the same start and the same minibatches for all.
 * Tells mean, deviation and worst of the losses at the end. With `--tune` each method is tuned
 * over the same number of trials instead, and judged by what was not looked at.
 */
const { values } = parseArgs({
  options: {
    text: { type: "string", default: `${folder}/tinyshakespeare.txt` },
    steps: { type: "string", default: "500" },
    batch: { type: "string", default: "16" },
    windows: { type: "string", default: "256" },
    beta1: { type: "string", default: "0.1,0.5,0.9,0.99" },
    beta2: { type: "string", default: "0.501,0.9,0.99" },
    optimizers: { type: "string" },
    settings: { type: "string", default: "{}" },
    tune: { type: "boolean", default: false },
  },
});
const [steps, batch, windows] = [values.steps, values.batch, values.windows].map(Number) as Three;
type Three = [number, number, number];
const usual = ["adam", "lion", "adan", "yogi", "avgrad", "mada"];
const corpus = corpusOf(values.text, positions);
if (corpus === null) {
  console.log(`skipped: ${values.text} is not there (--text names another file)`);
  process.exit(0);
}
const engine = await openTransformer(
  corpus.vocabulary,
  overRows(lossOf(), positions, corpus.vocabulary),
);
const course: Course = { engine, corpus, steps, batch, windows };
const only = values.optimizers?.split(",");
console.log(
  `${engine.weightsLength} weights, ${corpus.vocabulary} characters, ${steps} steps of ${batch} ` +
    `windows of ${positions}; losses over ${windows} windows at the end`,
);
if (values.tune) tune(course, only);
else fromPairs();

interface Outcome {
  readonly beta1: number;
  readonly beta2: number;
  readonly train: number;
  readonly validation: number;
  readonly learned?: Readonly<Record<string, number>>;
}

/** All methods from all pairs. */
function fromPairs(): void {
  const schedule = { type: "cosine", warmUp: Math.round(steps / 10), steps };
  const settings: Readonly<Record<string, object>> = {
    nadamw: { schedule },
    ...(JSON.parse(values.settings) as Record<string, object>),
  };
  const pairs = numbers(values.beta1).flatMap((beta1) =>
    numbers(values.beta2).map((beta2) => ({ beta1, beta2 })),
  );
  const table: Row[] = [];
  for (const type of only ?? usual) {
    const outcomes = pairs.map((pair): Outcome => {
      const startedMs = performance.now();
      const chosen = { type, ...pair, ...settings[type] };
      const { lossOver, learned } = trained(course, optimizers.create(chosen) as Stepper);
      const told = learned === undefined ? {} : { learned: rounded(learned) };
      const losses = { train: lossOver("train"), validation: lossOver("validation") };
      const seconds = (performance.now() - startedMs) / 1000;
      const outcome = { ...pair, ...losses, ...told };
      console.log(`  ${type.padEnd(14)}${JSON.stringify(outcome)}  ${seconds.toFixed(0)} s`);
      return outcome;
    });
    table.push({ optimizer: type, ...summary(outcomes), outcomes });
  }
  console.log(
    "\noptimizer        train: mean   deviation   worst   validation: mean   deviation   worst",
  );
  for (const row of table) console.log(line(row));
  const { weightsLength: weights } = engine;
  handOver({ bench: "mada", steps, batch, weights, table });
}

interface Row {
  readonly optimizer: string;
  readonly train: Summary;
  readonly validation: Summary;
  readonly outcomes: readonly Outcome[];
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
  return `${optimizer.padEnd(14)}${cells.join("     ")}`;
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
