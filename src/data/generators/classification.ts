import * as z from "zod";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import type { Generator } from "./generator.ts";
import { size } from "./size.ts";

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
