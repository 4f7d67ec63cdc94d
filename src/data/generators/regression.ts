import * as z from "zod";
import { randomFrom } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import { type Generator, size } from "./generator.ts";

/** How much longer a row of high leverage is than others. */
const leverageFactor = 10;

export const regression = define({
  name: "regression",
  summary: "a linear model with noise; features may be correlated, some rows far out",
  options: {
    ...size,
    noise: z.number().min(0).default(0.1).describe("the noise's deviation; the signal's is 1"),
    correlation: z
      .number()
      .min(0)
      .max(0.999)
      .default(0)
      .describe("between any two features, by a factor that all share"),
    leverage: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe("the share of rows that are ten times as long as others"),
  },
  examples: [
    { rows: 300, features: 3 },
    { rows: 300, correlation: 0.9, leverage: 0.01 },
  ],
  create({ rows, features, seed, noise, correlation, leverage }): Generator {
    const random = randomFrom(seed).fork("regression");
    const weights = normals(random.fork("weights"), features, 1 / Math.sqrt(features));
    const own = Math.sqrt(1 - correlation);
    const shared = Math.sqrt(correlation);
    return {
      kind: "dense",
      rows,
      features,
      start() {
        const stream = random.fork("rows");
        return (cells, base) => {
          const length = stream.uniform() < leverage ? leverageFactor : 1;
          const factor = shared * stream.normal();
          let target = noise * stream.normal();
          for (let j = 0; j < features; j++) {
            const value = length * (factor + own * stream.normal());
            cells[base + j] = value;
            target += weights[j]! * value;
          }
          return target;
        };
      },
    };
  },
});

function normals(random: { normal(): number }, length: number, deviation: number): Float64Array {
  return new Float64Array(length).map(() => deviation * random.normal());
}
