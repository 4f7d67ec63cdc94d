import { data, network, recordPrivacy, stormy } from "./data.ts";
import type { BitsRun } from "./runs.ts";

import { few, late, quick, simulated, some } from "./simulated.ts";

/** The other strategies. */
const others: Record<string, BitsRun> = {
  "encoded-blocks-16": quick({
    problem: { type: "logistic", l2: 0.01 },
    data: data.twoClasses,
    workers: 16,
    wait: { fastest: 12 },
    strategy: "encoded-blocks",
    stop: some,
    weather: stormy,
  }),
  "encoded-blocks-softmax-4": simulated({
    problem: "softmax",
    data: data.fiveClasses,
    workers: 4,
    wait: { fastest: 3 },
    strategy: "encoded-blocks",
    encoding: "paley",
    stop: some,
    weather: late,
  }),
  "alternating-exact-4": quick({
    problem: { type: "factorization", rank: 2, l2: 0.002 },
    data: data.films,
    workers: 4,
    wait: { fastest: 3 },
    strategy: { type: "alternating", epochs: 2 },
    weather: stormy,
  }),
  "alternating-encoded-16": simulated({
    problem: { type: "factorization", rank: 2, l2: 0.002 },
    data: data.films,
    workers: 16,
    wait: { fastest: 14 },
    strategy: { type: "alternating", epochs: 1, iterations: 3, exactBelow: 10 },
    weather: late,
  }),
  "turns-memory-16": quick({
    problem: "ridge",
    data: data.numbers,
    workers: 16,
    strategy: "async-sgd",
    encoding: "uncoded",
    optimizer: "gradient-descent",
    stop: some,
    weather: stormy,
  }),
  "turns-newest-4": simulated({
    problem: "logistic",
    data: data.twoClasses,
    workers: 4,
    strategy: { type: "async-sgd", memory: false, stalenessMax: 6 },
    encoding: "uncoded",
    optimizer: { type: "gradient-descent", step: 0.05 },
    stop: some,
    weather: late,
  }),
  "gossip-records-4": quick({
    problem: { type: "logistic", l2: 0.01 },
    data: data.records,
    workers: 4,
    strategy: { type: "gossip", graph: "ring", steps: 2, region: { ball: 10 }, repeats: 1 },
    privacy: recordPrivacy,
    wait: "all",
    stop: few,
    weather: stormy,
  }),
  "gossip-laplace-16": simulated({
    problem: { type: "mean" },
    data: data.vectors,
    workers: 16,
    strategy: { type: "gossip", graph: "torus", region: { box: [-1, 1] } },
    privacy: { ...recordPrivacy, delta: 0, noise: "laplace", unit: "node", epsilon: 8 },
    wait: { fastest: 13 },
    stop: few,
    weather: late,
  }),
  "dp-sgd-all-records-4": quick({
    problem: "logistic",
    data: data.records,
    workers: 4,
    wait: "all",
    strategy: "dp-sgd",
    optimizer: { type: "sgd", learningRate: 0.5 },
    privacy: recordPrivacy,
    stop: few,
    weather: stormy,
  }),
  "dp-sgd-aggregator-4": simulated({
    problem: "logistic",
    data: data.records,
    workers: 4,
    wait: { fastest: 3 },
    strategy: { type: "dp-sgd", rate: 0.25 },
    optimizer: { type: "sgd", learningRate: 0.5, momentum: 0.5 },
    privacy: { ...recordPrivacy, adjacency: "zero-out", divisor: 240 },
    stop: few,
    weather: stormy,
  }),
  "dp-sgd-workers-16": simulated({
    problem: "softmax",
    data: data.records,
    workers: 16,
    wait: "all",
    strategy: { type: "dp-sgd", noise: "workers" },
    optimizer: { type: "adam", learningRate: 0.1 },
    privacy: recordPrivacy,
    stop: few,
    weather: late,
  }),
  "anytime-16": quick({
    problem: "softmax",
    data: data.fiveClasses,
    workers: 16,
    strategy: { type: "anytime", seconds: 0.05, block: 4 },
    stop: some,
    weather: { ...stormy, workMsPerMillion: 150_000 },
  }),
  "anytime-sparse-4": simulated({
    problem: "logistic",
    data: data.sparse,
    workers: 4,
    wait: { fastest: 3 },
    strategy: { type: "anytime", seconds: 0.08, block: 8, batch: 64 },
    encoding: "replication",
    optimizer: "gradient-descent",
    stop: some,
    weather: { ...late, workMsPerMillion: 40_000 },
  }),
};

/** Only what all slots' numbers add up to is told. */
const secure: Record<string, BitsRun> = {
  "local-steps-secure-16": quick({
    problem: "softmax",
    data: data.fiveClasses,
    workers: 16,
    wait: { fastest: 12 },
    strategy: { type: "local-steps", secureSum: 5 },
    stop: some,
    weather: stormy,
  }),
  "dp-sgd-secure-16": simulated({
    problem: "softmax",
    data: data.records,
    workers: 16,
    wait: { fastest: 12 },
    strategy: { type: "dp-sgd", noise: "workers", secureSum: 3 },
    optimizer: { type: "adam", learningRate: 0.1 },
    privacy: recordPrivacy,
    stop: few,
    weather: late,
  }),
};

/** Local steps with every compressor and every feedback. */
const compressed: Record<string, BitsRun> = Object.fromEntries(
  (
    [
      [1, { type: "none" }, { momentum: 0.9 }],
      [16, { type: "sign-top-k", k: "10%" }, { momentum: 0.5 }],
      [4, { type: "top-k", k: 3, feedback: "ef21" }, {}],
      [4, { type: "random-k", k: 3 }, {}],
      [4, { type: "qsgd", feedback: "none" }, { batch: "all" }],
      [4, { type: "s-level" }, {}],
      [4, { type: "rotated", levels: 3 }, {}],
      [4, { type: "sign" }, { asynchronous: true, stalenessMax: 3 }],
      [4, { type: "q-top-k", k: 8 }, {}],
      [4, { type: "q-random-k", k: 8 }, {}],
      [4, { type: "sign-random-k", k: 8 }, { asynchronous: true }],
      [4, { type: "power" }, {}],
    ] as const
  ).map(([workers, compression, options]) => [
    `local-steps-${compression.type}-${workers}`,
    (workers === 16 ? quick : simulated)({
      problem: "softmax",
      data: data.fiveClasses,
      workers,
      wait: { fastest: Math.ceil(0.75 * workers) },
      strategy: { type: "local-steps", learningRate: 0.2, ...options },
      compression,
      stop: some,
      weather: workers === 16 ? stormy : late,
    }),
  ]),
);

const localNetwork: Record<string, BitsRun> = {
  "local-steps-network-4": simulated({
    problem: network("sentences"),
    data: data.sentences,
    workers: 4,
    wait: { fastest: 3 },
    encoding: "uncoded",
    strategy: { type: "local-steps", steps: 2, batch: 4, momentum: 0.9 },
    compression: { type: "sign-top-k", k: "10%" },
    stop: { rounds: 2, tolerance: 0 },
    weather: late,
  }),
};

/** Cuts that are given: where they are put by measurement, arrivals hang on the machine. */
const stages: Record<string, BitsRun> = {
  "pipeline-tied-2": quick({
    problem: { type: "network", model: "test/fixtures/networks/tied.ts", backend: "wasm" },
    data: { generate: { type: "classification", rows: 40, features: 12 }, test: 0 },
    strategy: {
      type: "pipeline",
      stages: 2,
      placement: "first tied | ...",
      batch: 11,
      microbatches: 3,
    },
    optimizer: { type: "adam", learningRate: 0.05, clip: 1 },
    stop: { rounds: 3, tolerance: 0 },
    weather: stormy,
  }),
};

export const strategyRuns = { ...others, ...secure, ...compressed, ...localNetwork, ...stages };
