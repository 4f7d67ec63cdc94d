/**
 * Two thousand features of which a row has a few, made up while they are read. Sparse rows stay
 * sparse: they are copied, and go to workers and back as they are. A spec in TypeScript is its
 * module's default export; `defineRun` from "kofn" gives it its types.
 */
export default {
  problem: { type: "logistic", l2: 0.001 },
  data: {
    generate: { type: "sparse-classification", rows: 5_000, features: 2_000, entries: 20 },
    test: 0.2,
  },
  workers: 8,
  wait: { deadline: "800ms", atLeast: 6 },
  encoding: { type: "replication", redundancy: 2 },
  optimizer: "gradient-descent",
  stop: { rounds: 25 },
  seed: 5,
};
