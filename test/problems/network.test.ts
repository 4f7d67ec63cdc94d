import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";

import type { Problem } from "../../src/problems/problem.ts";
import { sparseOf } from "../../src/testing/exact-examples.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { examplesOf, fixtures, gradientOf, networkOf } from "./networks.ts";

const three = (random: { integer(below: number): number }) => random.integer(3);

describe("a network with dropout and batch normalisation", () => {
  let problem: Problem;
  let weights: Float32Array<ArrayBuffer>;
  const examples = examplesOf(20, 7, three);
  beforeAll(async () => {
    problem = await networkOf(join(fixtures, "small.ts"));
    weights = problem.initial!(randomFrom(4));
  });

  test("names its pieces: trained ones first, then what is observed", () => {
    const told = problem.parameters!.map(({ shape, observed }) => [
      shape.join("x"),
      observed === true,
    ]);
    expect(told).toEqual([
      ["7x6", false],
      ["6", false],
      ["6", false],
      ["6", false],
      ["6x3", false],
      ["3", false],
      ["6", true],
      ["6", true],
    ]);
    expect(problem.weightsLength(7, 3)).toBe(weights.length);
  });

  test("the same seed draws the same start, another seed another", () => {
    expect(problem.initial!(randomFrom(4))).toEqual(weights);
    expect(problem.initial!(randomFrom(5))).not.toEqual(weights);
  });

  test("the same draw drops the same units to the last bit, another draw others", () => {
    const [a, b] = [1, 2].map(() => gradientOf(problem, examples, weights, randomFrom("7/3")));
    expect(a).toEqual(b);
    const other = gradientOf(problem, examples, weights, randomFrom("8/3"));
    expect(other.loss).not.toBe(a!.loss);
  });

  test("the gradient is the derivative of the loss at the same draw, by differences", () => {
    const { gradient } = gradientOf(problem, examples, weights, randomFrom("d"));
    const h = 2 ** -6;
    const trained = weights.length - 12;
    for (let j = 0; j < trained; j++) {
      const [up, down] = [h, -h].map((by) => {
        const moved = weights.slice();
        moved[j]! += by;
        return gradientOf(problem, examples, moved, randomFrom("d")).loss;
      });
      expect(Math.abs((up! - down!) / (2 * h) - gradient[j]!)).toBeLessThan(2e-2);
    }
  });

  test("what batch normalisation saw is told as its average less that, once a row", () => {
    const { gradient } = gradientOf(problem, examples, weights, randomFrom("d"));
    const rows = examples.targets.length;
    const seen = Array.from({ length: 6 }, (_, unit) => {
      const outputs = Array.from({ length: rows }, (_, row) => {
        let sum = weights[42 + unit]!;
        for (let i = 0; i < 7; i++)
          sum += examples.rows.values[row * 7 + i]! * weights[i * 6 + unit]!;
        return Math.tanh(sum);
      });
      const mean = outputs.reduce((a, b) => a + b, 0) / rows;
      return { mean, variance: outputs.reduce((a, b) => a + (b - mean) ** 2, 0) / rows };
    });
    const at = weights.length - 12;
    for (const [unit, { mean, variance }] of seen.entries()) {
      expect(weights[at + unit]! - gradient[at + unit]! / rows).toBeCloseTo(mean, 5);
      expect(weights[at + 6 + unit]! - gradient[at + 6 + unit]! / rows).toBeCloseTo(variance, 5);
    }
  });

  test("inputs are left alone, and sparse rows give what dense rows give", () => {
    const sparse = sparseOf(examples);
    const before = structuredClone({ examples, sparse, weights });
    const [a, b] = [examples, sparse].map((x) => gradientOf(problem, x, weights, randomFrom("s")));
    expect(a!.loss).toBe(b!.loss);
    expect(problem.tally(examples, weights)).toEqual(problem.tally(sparse, weights));
    expect({ examples, sparse, weights }).toEqual(before);
  });
});

describe("losses", () => {
  test.each([
    ["meanSquaredError", 1, "linear", () => 0.5],
    ["meanAbsoluteError", 1, "linear", () => 0.5],
    ["huber", 1, "linear", () => 2.5],
    ["binaryCrossentropy", 1, "sigmoid", () => 1],
    ["sparseCategoricalCrossentropy", 4, "softmax", () => 3],
  ])("%s: loss, slopes and the line search agree", async (loss, units, activation, target) => {
    await using place = await temporaryHome();
    const model = join(place.path, "model.ts");
    const source = `export default ({ tf }) => tf.sequential({ layers: [
      tf.layers.dense({ units: ${units}, activation: "${activation}", inputShape: [5] })] });`;
    await writeFile(model, source);
    const problem = await networkOf(model, { loss });
    const examples = examplesOf(9, 5, target);
    const weights = problem.initial!(randomFrom(2));
    const { loss: sum, gradient } = gradientOf(problem, examples, weights);
    const predictions = problem.predict!(examples.rows, weights);
    expect(problem.lossAt(predictions, examples.targets)).toBeCloseTo(sum, 4);
    const direction = Float32Array.from(gradient, (slope) => -slope);
    const steps = Float64Array.of(0, 1e-3);
    const [here, there] = problem.lineSearchTerms(examples, weights, direction, steps);
    expect(here).toBeCloseTo(sum, 4);
    const fall = gradient.reduce((total, slope) => total + slope * slope, 0);
    expect((here! - there!) / 1e-3 / fall).toBeGreaterThan(0.8);
    const { meanLoss } = problem.metrics(problem.tally(examples, weights));
    expect(meanLoss).toBeCloseTo(sum / 9, 5);
  });
});
