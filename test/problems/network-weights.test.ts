import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { sparseOf } from "../../src/testing/exact-examples.ts";
import { runOn, temporaryHome } from "../scenarios/workplace.ts";
import { examplesOf, fixtures, gradientOf, networkOf } from "./networks.ts";

const inputs = 5;
const hidden = 4;

const modelOf = (
  units: number,
  last: string,
) => `export default ({ tf }) => tf.sequential({ layers: [
  tf.layers.dense({ units: ${hidden}, activation: "tanh", inputShape: [${inputs}] }),
  tf.layers.dense({ units: ${units}, activation: "${last}" })] });`;

/** Rows that count 0 to 3, another number each. */
function weighed(rows: number, target: (random: { integer(below: number): number }) => number) {
  const random = randomFrom("counts");
  const weights = Float32Array.from({ length: rows }, () => 3 * random.uniform());
  weights[1] = 0;
  return { ...examplesOf(rows, inputs, target), weights };
}

/**
 * Sum over rows of weight times loss, as torch's losses define it with reduction: none, and its
 * derivative by the chain rule, row by row in doubles; nothing of kofn's in it.
 */
function byLoop(
  { rows, targets, weights: counts }: Examples,
  w: Float32Array,
  units: number,
  isClasses: boolean,
) {
  if (rows.kind !== "dense") throw new Error("rows are dense here");
  const gradient = new Float64Array(w.length);
  const at = { bias: inputs * hidden, top: (inputs + 1) * hidden };
  const topBias = at.top + hidden * units;
  let loss = 0;
  for (const [row, target] of targets.entries()) {
    const x = rows.values.subarray(row * inputs, (row + 1) * inputs);
    const h = Array.from({ length: hidden }, (_, k) =>
      Math.tanh(x.reduce((sum, value, i) => sum + value * w[i * hidden + k]!, w[at.bias + k]!)),
    );
    const z = Array.from({ length: units }, (_, c) =>
      h.reduce((sum, value, k) => sum + value * w[at.top + k * units + c]!, w[topBias + c]!),
    );
    const all = z.reduce((sum, one) => sum + Math.exp(one), 0);
    const count = counts![row]!;
    loss += count * (isClasses ? Math.log(all) - z[target]! : (z[0]! - target) ** 2);
    const slope = z.map((one, c) =>
      isClasses ? count * (Math.exp(one) / all - Number(c === target)) : 2 * count * (one - target),
    );
    for (const [c, own] of slope.entries()) {
      gradient[topBias + c]! += own;
      for (const [k, value] of h.entries()) gradient[at.top + k * units + c]! += own * value;
    }
    for (const [k, value] of h.entries()) {
      const back = slope.reduce((sum, own, c) => sum + own * w[at.top + k * units + c]!, 0);
      const through = back * (1 - value * value);
      gradient[at.bias + k]! += through;
      for (const [i, one] of x.entries()) gradient[i * hidden + k]! += through * one;
    }
  }
  return { loss, gradient };
}

describe("rows of a network that count unlike", () => {
  test.each([
    ["categoricalCrossentropy", "auto", 3],
    ["categoricalCrossentropy", "tfjs", 3],
    ["meanSquaredError", "auto", 1],
    ["meanSquaredError", "tfjs", 1],
  ])("have the loss and gradient of torch's definition: %s, engine %s", async (loss, engine, k) => {
    await using place = await temporaryHome();
    const model = join(place.path, "model.ts");
    const isClasses = k > 1;
    await writeFile(model, modelOf(k, isClasses ? "softmax" : "linear"));
    // More rows than go through at once.
    const examples = weighed(300, (random) => (isClasses ? random.integer(k) : random.integer(9)));
    for (const weighted of [{}, { weighted: true }]) {
      const problem = await networkOf(model, { loss, engine, ...weighted });
      const weights = problem.initial!(randomFrom(3));
      const expected = byLoop(examples, weights, k, isClasses);
      for (const one of [examples, { ...sparseOf(examples), weights: examples.weights }]) {
        const told = gradientOf(problem, one, weights);
        expect(told.loss / expected.loss).toBeCloseTo(1, 5);
        for (const [j, slope] of expected.gradient.entries())
          expect(Math.abs(told.gradient[j]! - slope)).toBeLessThan(2e-5 * expected.loss);
      }
      const still = new Float32Array(weights.length);
      const [here] = problem.lineSearchTerms(examples, weights, still, Float64Array.of(0));
      expect(here! / expected.loss).toBeCloseTo(1, 5);
      const predictions = problem.predict!(examples.rows, weights);
      const slopes = new Float64Array(predictions.length);
      const sum = problem.lossAt(predictions, examples.targets, slopes, examples.weights);
      expect(sum / expected.loss).toBeCloseTo(1, 5);
      // A row that counts nothing moves nothing.
      expect(Math.abs(slopes[1]!)).toBe(0);
      // Metrics take every row once.
      const { weights: _, ...alike } = examples;
      expect(problem.tally(examples, weights)).toEqual(problem.tally(alike, weights));
    }
  });

  test("are normalised with all rows beside them, whichever count alike", async () => {
    const classes = examplesOf(40, 7, (random) => random.integer(3));
    const weights = Float32Array.from(classes.targets, (target) => [0.5, 1, 2][target]!);
    const problem = await networkOf(join(fixtures, "small.ts"), { weighted: true });
    const at = problem.initial!(randomFrom(4));
    const plain = gradientOf(problem, classes, at, randomFrom("draws"));
    const one = gradientOf(
      problem,
      { ...classes, weights: weights.fill(1) },
      at,
      randomFrom("draws"),
    );
    expect(one).toEqual(plain);
    // What normalisation saw of one batch is that of all its rows.
    const counts = Float32Array.from(classes.targets, (target) => [0.5, 1, 2][target]!);
    const told = gradientOf(problem, { ...classes, weights: counts }, at, randomFrom("draws"));
    const total = counts.reduce((a, b) => a + b, 0);
    for (let j = at.length - 12; j < at.length; j++)
      expect(told.gradient[j]! / total).toBeCloseTo(plain.gradient[j]! / 40, 5);
  });
});

describe("a run of a network", () => {
  const random = randomFrom("rows");
  const table = Array.from({ length: 60 }, (_, i) => {
    const x = Array.from({ length: inputs }, () => random.normal());
    return { x, y: x[0]! * x[1]! > 0 ? "same" : "other", z: x[0]! - x[2]!, count: 1 + (i % 3) };
  });
  const names = Array.from({ length: inputs }, (_, i) => `x${i}`).join(",");
  const csv = (target: "y" | "z", isWeighed: boolean) => {
    const lines = table.flatMap(({ x, count, ...row }) =>
      isWeighed
        ? [[...x, count, row[target]]]
        : Array.from({ length: count }, () => [...x, row[target]]),
    );
    const head = [names, ...(isWeighed ? ["w"] : []), "y"];
    return `${[head, ...lines].map((line) => line.join(",")).join("\n")}\n`;
  };

  test.each([
    ["y", "categoricalCrossentropy", 2, "softmax"],
    ["z", "meanSquaredError", 1, "linear"],
  ] as const)(
    "goes as if rows of 2 stood there twice: %s, %s, %s, %s",
    async (target, loss, units, last) => {
      await using place = await temporaryHome();
      await writeFile(join(place.path, "model.ts"), modelOf(units, last));
      const objectives: number[] = [];
      for (const isWeighed of [true, false]) {
        const source = join(place.path, `rows-${isWeighed}.csv`);
        await writeFile(source, csv(target, isWeighed));
        const data = { source, target: "y", standardize: false };
        const { result } = await runOn("simulated", place.path, {
          problem: { type: "network", model: join(place.path, "model.ts"), loss },
          data: isWeighed ? { ...data, weights: "w" } : data,
          ...{ workers: 2, wait: "all", encoding: "uncoded", seed: 5 },
          optimizer: { type: "sgd", learningRate: 0.3 },
          stop: { rounds: 5, tolerance: 0 },
        });
        objectives.push(result.objective);
      }
      expect(objectives[0]! / objectives[1]!).toBeCloseTo(1, 5);
    },
  );
});
