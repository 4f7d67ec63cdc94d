import * as z from "zod";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import { type Generator, size } from "./generator.ts";

export const classification = define({
  name: "classification",
  summary: "classes by a softmax model: the larger the separation, the fewer rows on a wrong side",
  options: {
    ...size,
    classes: z.int().min(2).max(1_000).default(2).describe("how many classes there are"),
    separation: z.number().min(0).default(4).describe("deviation of a class's score; noise has 1"),
  },
  examples: [
    { rows: 300, features: 3 },
    { rows: 300, classes: 5, separation: 10 },
  ],
  create({ rows, features, seed, classes, separation }): Generator {
    const random = randomFrom(seed).fork("classification");
    const stream = random.fork("weights");
    const deviation = separation / Math.sqrt(features);
    const weights = new Float64Array(classes * features).map(() => deviation * stream.normal());
    return { kind: "dense", rows, features, start };

    function start() {
      const stream = random.fork("rows");
      return (cells: Float64Array, base: number) => {
        for (let j = 0; j < features; j++) cells[base + j] = stream.normal();
        let best = 0;
        let bestScore = -Infinity;
        for (let label = 0; label < classes; label++) {
          // The largest of scores with Gumbel noise is distributed as softmax of the scores.
          let score = -Math.log(-Math.log(stream.uniform() || Number.MIN_VALUE));
          const from = label * features;
          for (let j = 0; j < features; j++) score += weights[from + j]! * cells[base + j]!;
          if (score > bestScore) {
            best = label;
            bestScore = score;
          }
        }
        return best;
      };
    }
  },
});

export const sparseClassification = define({
  name: "sparse-classification",
  summary: "two classes by a logistic model over few ones among many features",
  options: {
    ...size,
    features: size.features.default(1_000).describe("how many features a row has"),
    entries: z.int().min(1).max(10_000).default(20).describe("features of a row that are one"),
    separation: z.number().min(0).default(4).describe("deviation of a row's score"),
  },
  examples: [{ rows: 300, features: 100, entries: 5 }],
  create({ rows, features, seed, entries, separation }): Generator {
    const random = randomFrom(seed).fork("sparse-classification");
    const entriesPerRow = Math.min(entries, features);
    const stream = random.fork("weights");
    const deviation = separation / Math.sqrt(entriesPerRow);
    const weights = new Float64Array(features).map(() => deviation * stream.normal());
    return { kind: "sparse", rows, features, entriesPerRow, start };

    function start() {
      const stream = random.fork("rows");
      const chosen = new Set<number>();
      return (values: Float32Array, indices: Uint32Array, at: number) => {
        chosen.clear();
        // Floyd's sampling: every subset is equally likely, whatever its share of the features.
        for (let top = features - entriesPerRow; top < features; top++) {
          const index = stream.integer(top + 1);
          chosen.add(chosen.has(index) ? top : index);
        }
        let score = 0;
        let to = at;
        for (const index of chosen) {
          indices[to++] = index;
          score += weights[index]!;
        }
        indices.subarray(at, to).sort();
        values.fill(1, at, to);
        return stream.uniform() < 1 / (1 + Math.exp(-score)) ? 1 : 0;
      };
    }
  },
});
