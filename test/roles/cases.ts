import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadSpec } from "../../src/run/spec-file.ts";
import { campaign } from "../campaign.ts";
import { pipelineSpec } from "../strategies/pipeline/pipelined.ts";

/** A run short enough to be made many times. */
export interface Case {
  readonly name: string;
  spec(): Promise<unknown>;
  /** Calls of one environment: 2 where it does not say. */
  readonly callsMax?: number;
  readonly rounds?: number;
}

const folder = join(import.meta.dirname, "../../examples");
const roundsUsual = campaign(3, 4);
/** What is left out of an example for the sake of time: nothing that asks for other permissions. */
const shorter: Readonly<Record<string, Partial<Case> & { readonly change?: object }>> = {
  // An environment removes its old memories from the seventeenth on.
  "few-bits": { rounds: 20, callsMax: 18 },
  glyphs: { rounds: 2, change: { workers: 4, wait: { fastest: 3 } } },
  recommender: { rounds: 2 },
  sentences: { rounds: 2, callsMax: 1, change: { workers: 2, wait: { fastest: 1 } } },
  stages: { rounds: 2, callsMax: 3 },
  phrases: { rounds: 2, callsMax: 1, change: { workers: 2, wait: { fastest: 1 } } },
  // Accounting for drawn batches takes seconds.
  "private-records": { change: { strategy: { type: "dp-sgd", rate: 1 } } },
};

const examples: Case[] = readdirSync(folder).map((name) => {
  const { rounds = roundsUsual, change = {}, ...more } = shorter[name] ?? {};
  const spec = () => example(name, rounds, change);
  return { name: `example ${name}`, spec, ...more };
});

async function example(name: string, rounds: number, change: object): Promise<object> {
  const file = readdirSync(join(folder, name)).find((path) => path.startsWith("run."))!;
  const spec = (await loadSpec(join(folder, name, file))) as { readonly stop: object };
  return { ...spec, ...change, stop: { ...spec.stop, rounds } };
}

/** The example's, without what private rows would tell of themselves. */
const privateData = {
  standardize: false,
  source: join(folder, "glyphs/glyphs.csv"),
  target: "shape",
  test: 0.9,
  classes: ["bars", "cross", "roof", "slope", "square"],
};
const privacy = { epsilon: 8, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
const table = {
  problem: "logistic",
  data: { generate: { type: "classification", rows: 120, features: 80 } },
  workers: 4,
  stop: { rounds: roundsUsual, tolerance: 0 },
};
const descent = { ...table, optimizer: { type: "sgd", learningRate: 0.1 } };
/** Runs of which only sums over the slots are told. */
export const secureLocalSteps = {
  ...table,
  wait: "all",
  strategy: { type: "local-steps", secureSum: 3 },
};
export const securePrivate = {
  ...table,
  problem: "softmax",
  data: {
    generate: { type: "classification", rows: 400, features: 40, classes: 3 },
    classes: [0, 1, 2],
    standardize: false,
  },
  wait: "all",
  strategy: { type: "dp-sgd", rate: 1, noise: "workers", secureSum: 3 },
  optimizer: { type: "sgd", learningRate: 1, momentum: 0 },
  privacy,
};

const others: Readonly<Record<string, object>> = {
  "async-sgd": { ...table, strategy: "async-sgd" },
  anytime: { ...table, strategy: { type: "anytime", seconds: 5 } },
  "noise at workers": {
    ...table,
    problem: "softmax",
    data: {
      generate: { type: "classification", rows: 400, features: 40, classes: 3 },
      classes: [0, 1, 2],
      standardize: false,
    },
    strategy: { type: "dp-sgd", rate: 1, noise: "workers" },
    optimizer: { type: "sgd", learningRate: 1, momentum: 0 },
    privacy,
  },
  "a sum by a tree of functions": { ...descent, reduction: { type: "tree", fanIn: 2 } },
  "a sum in scattered parts": { ...descent, reduction: { type: "scatter", shards: 2 } },
  "local steps in a secure sum": secureLocalSteps,
  "noise at workers in a secure sum": securePrivate,
};

/** Every example, and what no example has. */
export const cases: readonly Case[] = [
  ...examples,
  {
    name: "a private network",
    spec: () =>
      example("glyphs", 2, {
        data: privateData,
        workers: 4,
        wait: "all",
        encoding: "uncoded",
        strategy: { type: "dp-sgd", rate: 1 },
        optimizer: { type: "sgd", learningRate: 0.1, momentum: 0 },
        privacy,
      }),
  },
  {
    name: "replicas of a pipeline, whose stages are divided",
    callsMax: 3,
    spec: async () =>
      pipelineSpec({ stages: 1, replicas: 2, tensor: 2, batch: 8, microbatches: 2 }),
  },
  ...Object.entries(others).map(([name, spec]) => ({ name, spec: async () => spec })),
];
