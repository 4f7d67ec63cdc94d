import { data, recordPrivacy } from "./data.ts";
import type { BitsRun } from "./runs.ts";

type Spec = BitsRun["spec"];

/** Real time decides who is first: only runs that wait for all have the same numbers each time. */
const emulated = (workers: number, spec: Omit<Spec, "workers" | "wait">): BitsRun => ({
  backend: "emulated",
  spec: { stop: { rounds: 4, tolerance: 0 }, ...spec, workers, wait: "all" },
});

const faults = { model: "calm", failures: 0.1, duplicates: 0.1 } as const;

export const emulatedRuns: Record<string, BitsRun> = {
  "emulated-rounds-hadamard-4": emulated(4, {
    problem: "ridge",
    data: data.houses,
    weather: faults,
  }),
  "emulated-rounds-hadamard-16": emulated(16, {
    problem: "ridge",
    data: data.numbers,
    weather: { model: "calm" },
  }),
  "emulated-rounds-encode-workers-4": emulated(4, {
    problem: "ridge",
    data: { ...data.numbers },
    encoding: { type: "hadamard", encode: "workers" },
    optimizer: { type: "adam", learningRate: 0.05 },
    weather: { model: "calm" },
  }),
  "emulated-rounds-lasso-1": emulated(1, {
    problem: "lasso",
    data: data.sensors,
    encoding: "uncoded",
    weather: { model: "calm", s3Errors: 0.05 },
  }),
  "emulated-encoded-blocks-4": emulated(4, {
    problem: "logistic",
    data: data.twoClasses,
    strategy: "encoded-blocks",
    weather: faults,
  }),
  "emulated-alternating-4": emulated(4, {
    problem: { type: "factorization", rank: 2, l2: 0.002 },
    data: data.films,
    strategy: { type: "alternating", epochs: 1, iterations: 2, exactBelow: 10 },
    weather: faults,
  }),
  "emulated-turns-1": emulated(1, {
    problem: "ridge",
    data: data.numbers,
    strategy: "turns",
    encoding: "uncoded",
    optimizer: "gradient-descent",
    weather: faults,
  }),
  "emulated-local-steps-4": emulated(4, {
    problem: "softmax",
    data: data.fiveClasses,
    strategy: { type: "local-steps", momentum: 0.9 },
    compression: { type: "sign-top-k", k: "10%" },
    weather: faults,
  }),
  "emulated-gossip-4": emulated(4, {
    problem: { type: "logistic", l2: 0.01 },
    data: data.records,
    strategy: { type: "gossip", graph: "ring", region: { ball: 10 } },
    privacy: recordPrivacy,
    weather: faults,
  }),
  "emulated-dp-sgd-4": emulated(4, {
    problem: "logistic",
    data: data.records,
    strategy: { type: "dp-sgd", rate: 0.5 },
    optimizer: { type: "sgd", learningRate: 0.5 },
    privacy: recordPrivacy,
    weather: faults,
  }),
  "emulated-local-steps-secure-4": emulated(4, {
    problem: "softmax",
    data: data.fiveClasses,
    strategy: { type: "local-steps", secureSum: 3 },
    weather: faults,
  }),
  "emulated-dp-sgd-secure-6": emulated(6, {
    problem: "logistic",
    data: data.records,
    strategy: { type: "dp-sgd", rate: 0.5, noise: "workers", secureSum: 5 },
    optimizer: { type: "sgd", learningRate: 0.5 },
    privacy: recordPrivacy,
    weather: faults,
  }),
  // Real time decides how many rows are done: here there is always enough for all.
  "emulated-anytime-4": emulated(4, {
    problem: "logistic",
    data: data.twoClasses,
    strategy: { type: "anytime", seconds: 30 },
    weather: { model: "calm", duplicates: 0.1 },
  }),
  "emulated-sparse-4": emulated(4, {
    problem: "logistic",
    data: data.sparse,
    encoding: "replication",
    optimizer: "gradient-descent",
    weather: { model: "calm" },
  }),
  "threads-rounds-4": {
    backend: "threads",
    spec: {
      problem: "ridge",
      data: data.numbers,
      workers: 4,
      wait: "all",
      stop: { rounds: 4, tolerance: 0 },
    },
  },
};
