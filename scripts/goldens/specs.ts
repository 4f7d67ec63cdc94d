import type { RunInput } from "../../src/index.ts";
import { recordPrivacy } from "../bits/data.ts";

const tiny = { generate: { type: "regression", rows: 48, features: 5 }, test: 0 } as const;
const twoClasses = {
  generate: { type: "classification", rows: 48, features: 5 },
  test: 0,
} as const;
const records = { ...twoClasses, standardize: false, classes: [0, 1] };

const common = {
  workers: 4,
  wait: { fastest: 3 },
  stop: { rounds: 6, tolerance: 0 },
  weather: { model: "exponential", meanMs: 30, failures: 0.05 },
} as const;

/** By a name of its own: one small run a strategy, two where a strategy has two kinds of states. */
export const goldenSpecs: Readonly<Record<string, RunInput>> = {
  rounds: { ...common, problem: "ridge", data: tiny, wait: { adaptive: { rule: "gain" } } },
  "rounds-exact": {
    ...common,
    problem: "lasso",
    data: tiny,
    strategy: { type: "rounds", exact: true, exactEvery: 2 },
    optimizer: "fista",
  },
  "rounds-adam": {
    ...common,
    problem: "logistic",
    data: twoClasses,
    encoding: "replication",
    optimizer: { type: "adam", learningRate: 0.05 },
  },
  "encoded-blocks": {
    ...common,
    problem: "logistic",
    data: twoClasses,
    strategy: "encoded-blocks",
  },
  alternating: {
    ...common,
    problem: { type: "factorization", rank: 1, l2: 0.01 },
    data: {
      generate: { type: "ratings", rows: 120, users: 12, items: 8, rank: 1 },
      intercept: false,
    },
    strategy: { type: "alternating", epochs: 2, iterations: 2, exactBelow: 9, bank: 4 },
    stop: { rounds: 20, tolerance: 0 },
  },
  turns: {
    ...common,
    problem: "ridge",
    data: tiny,
    strategy: "turns",
    encoding: "uncoded",
    optimizer: "gradient-descent",
  },
  "local-steps": {
    ...common,
    problem: "softmax",
    data: twoClasses,
    strategy: { type: "local-steps", momentum: 0.9 },
    optimizer: { type: "sgd", learningRate: 1, momentum: 0.5 },
    compression: { type: "sign-top-k", k: 3 },
  },
  "local-steps-asynchronous": {
    ...common,
    problem: "logistic",
    data: twoClasses,
    strategy: { type: "local-steps", asynchronous: true, stalenessMax: 3 },
    compression: { type: "qsgd", feedback: "ef21" },
  },
  pipeline: {
    problem: { type: "network", model: "test/fixtures/networks/tied.ts", backend: "wasm" },
    data: { generate: { type: "classification", rows: 40, features: 12 }, test: 0 },
    // Where cuts are put by measurement, times and arrivals hang on it.
    strategy: {
      type: "pipeline",
      stages: 2,
      placement: "first tied | ...",
      batch: 11,
      microbatches: 3,
    },
    optimizer: { type: "adam", learningRate: 0.05, clip: 1 },
    stop: common.stop,
    weather: common.weather,
  },
  gossip: {
    ...common,
    problem: "logistic",
    data: records,
    strategy: { type: "gossip", graph: "ring", region: { ball: 10 }, repeats: 1 },
    privacy: recordPrivacy,
    wait: "all",
  },
  "dp-sgd": {
    ...common,
    problem: "logistic",
    data: records,
    strategy: "dp-sgd",
    optimizer: { type: "sgd", learningRate: 0.5, momentum: 0.5 },
    privacy: recordPrivacy,
    wait: "all",
  },
  "local-steps-secure": {
    ...common,
    problem: "softmax",
    data: twoClasses,
    strategy: { type: "local-steps", secureSum: 3 },
    optimizer: { type: "sgd", learningRate: 1, momentum: 0.5 },
  },
  "dp-sgd-secure": {
    ...common,
    problem: "logistic",
    data: records,
    strategy: { type: "dp-sgd", noise: "workers", secureSum: 3 },
    optimizer: { type: "sgd", learningRate: 0.5 },
    privacy: recordPrivacy,
  },
  anytime: {
    ...common,
    problem: "logistic",
    data: twoClasses,
    wait: "all",
    strategy: { type: "anytime", seconds: 0.06, block: 2 },
    // Of the time, half is late and a whole shard would take as much: slots do some of their rows.
    weather: { ...common.weather, workMsPerMillion: 700_000 },
  },
};
