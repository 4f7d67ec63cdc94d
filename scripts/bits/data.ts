import { join } from "node:path";

/** What the recorded runs are made of: shipped files and small data sets made up from a seed. */
const examples = join(import.meta.dirname, "../../examples");

export const data = {
  houses: { source: join(examples, "houses/houses.csv"), target: "price", test: 0.2 },
  sensors: { source: join(examples, "sensors/sensors.csv"), target: "yield", test: 0.25 },
  customers: { source: join(examples, "churn/customers.csv"), target: "leaves", test: 0.2 },
  films: { source: join(examples, "films/ratings.csv"), target: "stars", test: 0.2 },
  glyphs: { source: join(examples, "glyphs/glyphs.csv"), target: "shape", test: 0.2 },
  sentences: {
    source: join(examples, "sentences/sentences.txt"),
    text: { vocabulary: "characters", length: 32 },
    test: 0.1,
  },
  phrases: {
    source: join(examples, "phrases/phrases.tsv"),
    pairs: { vocabulary: { bytePair: 300 }, length: 30 },
    test: 0.9,
  },
  numbers: { generate: { type: "regression", rows: 240, features: 12 }, test: 0.1 },
  twoClasses: { generate: { type: "classification", rows: 240, features: 10 }, test: 0.1 },
  fiveClasses: {
    generate: { type: "classification", rows: 400, features: 12, classes: 5, separation: 6 },
    test: 0.1,
  },
  sparse: {
    generate: { type: "sparse-classification", rows: 400, features: 120, entries: 8 },
    test: 0.1,
  },
  records: {
    generate: { type: "classification", rows: 240, features: 8 },
    classes: [0, 1] as (string | number | boolean)[],
    standardize: false,
    test: 0,
  },
  vectors: {
    generate: { type: "classification", rows: 240, features: 8 },
    standardize: false,
    test: 0,
  },
} as const;

export const recordPrivacy = {
  epsilon: 3,
  delta: 1e-5,
  unit: "record",
  adjacency: "replace-one",
  clip: 1,
} as const;

/** Lateness, failures and repeats, drawn by the seed. */
export const stormy = {
  model: "exponential",
  meanMs: 20,
  failures: 0.05,
  duplicates: 0.05,
} as const;

export const network = (name: "glyphs" | "sentences") => ({
  type: "network" as const,
  model: join(examples, name, "model.ts"),
});
