import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";
import { RocAuc } from "../../src/problems/roc-auc.ts";
import { Scores } from "../../src/problems/scores.ts";
import { withTwoClassMetrics } from "../../src/problems/two-class-metrics.ts";
import { partOf, sparseOf } from "../../src/testing/exact-examples.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { networkOf } from "./networks.ts";

interface Golden {
  readonly scores: Record<string, { scores: number[]; targets: number[]; auc: number }>;
  readonly model: {
    readonly rows: number[][];
    readonly targets: number[];
    readonly linear: { weights: number[]; auc: number };
    readonly softmax: { weights: number[]; auc: number };
    readonly network: { hidden: number[][]; bias: number[]; output: number[]; auc: number };
  };
}

const golden: Golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "../vectors/roc-auc.json"), "utf8"),
);
/** What scikit-learn says of the same scores. */
const others: {
  readonly scores: Record<string, { metrics: Record<string, number>; confusion: number[][] }>;
} = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/two-classes.json"), "utf8"));
const { model } = golden;
const examples: Examples = {
  rows: { kind: "dense", rows: 60, columns: 3, values: Float32Array.from(model.rows.flat()) },
  targets: Float32Array.from(model.targets),
};

/** The area over the rows in two parts, dense and then sparse. */
function areaOf(problem: Problem, weights: Float32Array, given = examples): number | null {
  const area = new RocAuc();
  problem.tally(partOf(given, 0, 23), weights, 0, area);
  problem.tally(sparseOf(partOf(given, 23, given.targets.length)), weights, 0, area);
  return area.value();
}

describe("the area under the curve is that of scikit-learn", () => {
  test.each(Object.entries(golden.scores))("of scores: %s", (_, { scores, targets, auc }) => {
    const area = new RocAuc();
    area.addAll(scores, targets);
    expect(area.value()).toBeCloseTo(auc, 14);
    expect([area.isExact, area.errorMax()]).toEqual([true, 0]);
  });

  test.each(Object.entries(golden.scores))("and so are the others: %s", (name, given) => {
    const area = new RocAuc();
    area.addAll(given.scores, given.targets);
    const { metrics, confusion } = others.scores[name]!;
    const { accuracy, auc, ...found } = withTwoClassMetrics({ accuracy: 1 }, area);
    expect([accuracy, auc]).toEqual([1, area.value()]);
    expect(Object.keys(found)).toEqual(Object.keys(metrics));
    for (const key of Object.keys(metrics)) expect(found[key], key).toBeCloseTo(metrics[key]!, 13);
    const { first, second } = area.confusion();
    expect([first, second].map((of) => [of.first, of.second])).toEqual(confusion);
  });

  test.each(["logistic", "squared-hinge"])("of %s", (type) => {
    const weights = Float32Array.from(model.linear.weights);
    expect(areaOf(problems.create({ type }), weights)).toBeCloseTo(model.linear.auc, 14);
  });

  test("of softmax with two classes; of three there is none", () => {
    const problem = problems.create({ type: "softmax" });
    const weights = Float32Array.from(model.softmax.weights);
    expect(areaOf(problem, weights)).toBeCloseTo(model.softmax.auc, 14);
    expect(areaOf(problem, Float32Array.of(...weights, 1, 2, 3))).toBeNull();
  });

  const { hidden, bias, output, auc } = model.network;
  const layers: [string, string, Record<string, unknown>, number[], number[]][] = [
    ["sigmoid", "units: 1", { loss: "binaryCrossentropy" }, output, [0]],
    ["softmax", "units: 2", {}, output.flatMap((weight) => [0, weight]), [0, 0]],
  ];
  test.each(layers)("of a network that ends in a %s", async (last, units, options, out, zeros) => {
    await using home = await temporaryHome();
    const path = join(home.path, `${last}.ts`);
    await writeFile(
      path,
      `export default ({ tf }) => tf.sequential({ layers: [
        tf.layers.dense({ units: 2, activation: "relu", inputShape: [3] }),
        tf.layers.dense({ ${units}, activation: "${last}" }),
      ] });`,
    );
    const weights = Float32Array.of(...hidden.flat(), ...bias, ...out, ...zeros);
    expect(areaOf(await networkOf(path, options), weights)).toBeCloseTo(auc, 14);
    const without = await networkOf(path, { ...options, metrics: ["accuracy"] });
    expect(areaOf(without, weights)).toBeNull();
    const chosen = await networkOf(path, { ...options, metrics: ["auc"] });
    expect(areaOf(chosen, weights)).toBeCloseTo(auc, 14);
  });
});

test("it is not defined for one class alone, nor where scores are no numbers", () => {
  const area = new RocAuc();
  expect(area.value()).toBeNull();
  area.addAll([1, 2], [1, 1]);
  expect(withTwoClassMetrics({ accuracy: 1 }, area)).toEqual({ accuracy: 1 });
  area.add(0, 0);
  expect(area.value()).toBe(1);
  area.add(Number.NaN, 0);
  expect(area.value()).toBeNull();
});

test("beyond its memory it is approximate, within the error that it tells", () => {
  const random = randomFrom("scores");
  const targets = Uint8Array.from({ length: 20_000 }, () => random.integer(2));
  // Some far from 0, many alike to the eighth digit, some equal.
  const scores = Float64Array.from(targets, (target, i) =>
    i % 3 === 0 ? random.integer(9) - 4 + target : 3 + target / 64 + random.normal() / 50,
  );
  const [exact, limited] = [new RocAuc(), new RocAuc(1000)];
  for (const area of [exact, limited]) area.addAll(scores, targets);
  expect([exact.isExact, limited.isExact]).toEqual([true, false]);
  const apart = Math.abs(limited.value()! - exact.value()!);
  expect(apart).toBeGreaterThan(0);
  expect(apart).toBeLessThan(limited.errorMax());
  expect(limited.errorMax()).toBeLessThan(0.06);
  // What shares a bin with nothing of the other class is told exactly, zeros of both signs alike.
  const few = new RocAuc(2);
  few.addAll([-0, 0, -1, 2, Number.POSITIVE_INFINITY], [0, 1, 0, 1, 1]);
  expect(few.value()).toBe(5.5 / 6);
});

test.each([1_000, 20])("rows that several were told give the metrics of all, %i kept", (kept) => {
  const whole = new RocAuc(kept);
  const [left, right] = [new RocAuc(kept), new RocAuc(kept)];
  for (let i = 0; i < 90; i++) {
    const [score, target] = [((i * 37) % 50) / 8 - 3, i % 4 === 0 ? 1 : 0];
    whole.add(score, target);
    (i < 40 ? left : right).add(score, target);
  }
  const joined = new RocAuc(kept);
  for (const one of [left, right]) joined.addRows(structuredClone(one.rows()));
  expect(joined.isExact).toBe(kept === 1_000);
  expect(withTwoClassMetrics({}, joined)).toEqual(withTwoClassMetrics({}, whole));
  expect(joined.confusion()).toEqual(whole.confusion());
});

test("of scores in bins there is an average precision, as near as bins are narrow", () => {
  const [exact, limited] = [new RocAuc(), new RocAuc(0)];
  for (const area of [exact, limited])
    for (let i = 0; i < 1_000; i++) area.add(3 * Math.sin(i), Math.cos(7 * i) > 0 ? 1 : 0);
  expect(limited.averagePrecision()).toBeCloseTo(exact.averagePrecision()!, 2);
  expect(exact.inBins().averagePrecision()).toBe(limited.averagePrecision());
  expect(exact.inBins().value()).toBe(limited.value());
});

test("scores are put in order whatever their distances are", () => {
  const random = randomFrom("orders");
  const spreads: [string, (i: number) => number][] = [
    ["even", () => random.uniform()],
    ["few far away", (i) => random.normal() * (i % 100 === 0 ? 1e9 : 1)],
    ["many equal", () => random.integer(5) - 2],
    ["all equal", () => 0.1],
    ["as far as numbers go", () => (random.uniform() - 0.5) * Number.MAX_VALUE],
    ["further", () => (random.uniform() - 0.5) * 4 * Number.MAX_VALUE],
    ["next to nothing", () => random.integer(900) * Number.MIN_VALUE],
    ["rising", (i) => i],
  ];
  for (const [name, draw] of spreads) {
    const values = Float64Array.from({ length: 3_000 }, (_, i) => draw(i));
    const scores = new Scores();
    for (const value of values.subarray(0, 1_000)) scores.add(value);
    scores.extend(2_000).set(values.subarray(1_000));
    expect(scores.sorted(), name).toEqual(values.toSorted());
  }
});

test.each([0, 700, 5_000])("rows in one go are rows one by one, %i kept", (kept) => {
  const random = randomFrom("in one go");
  const [together, alone] = [new RocAuc(kept), new RocAuc(kept)];
  for (let part = 0; part < 4; part++) {
    const scores = Float64Array.from({ length: 300 }, () => random.normal());
    const targets = Float32Array.from(scores, (score) => (score + random.normal() > 0 ? 1 : 0));
    together.addAll(scores, targets);
    for (const [i, score] of scores.entries()) alone.add(score, targets[i]!);
    expect(withTwoClassMetrics({}, together)).toEqual(withTwoClassMetrics({}, alone));
    expect(together.confusion()).toEqual(alone.confusion());
    expect([together.isExact, together.errorMax()]).toEqual([alone.isExact, alone.errorMax()]);
  }
});
