import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { adaptives } from "../../src/optimizers/adaptive/registry.ts";
import { problems } from "../../src/problems/registry.ts";
import { evaluate } from "../../src/run/evaluate.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { scene, segment } from "../simulation/simulated-run.ts";

const names = adaptives.map(({ name }) => name);
const data = { source: "table.csv", target: "y" };

/** A data set, and its least objective with l2 = 0.001 by scikit-learn 1.9.1. */
interface Golden {
  readonly file: string;
  readonly target: string;
  readonly problem: string;
  readonly least: number;
}

const golden: readonly Golden[] = [
  { file: "iris", target: "species", problem: "softmax", least: 0.1023680784300784 },
  { file: "wine", target: "cultivar", problem: "softmax", least: 0.025847771793191986 },
  { file: "wine", target: "proline", problem: "ridge", least: 13605.305326142321 },
];

/** Where a run by an optimizer at its defaults ends, and from where it came. */
async function ended({ file, target, problem }: Golden, more: object, change = same) {
  const text = await readFile(`${import.meta.dirname}/../../bench/rates/${file}.csv`, "utf8");
  const spec = { problem, data: { source: "table.csv", target }, workers: 4, wait: "all", ...more };
  const start = await scene(spec, change(text));
  const weights = wholeWeights((await segment(start)).model);
  const { prepared } = start.staged;
  const both = [new Float32Array(weights.length), weights];
  const member = problems.create(start.record.spec.problem);
  const told = await evaluate({ store: start.store, prepared }, member, both);
  return { from: told[0]!.objective, to: told[1]!.objective, record: start.record };
}

const same = (text: string) => text;

describe.each(golden)("by defaults on $file, $problem", (one) => {
  test.each(names)("%s goes at least 99 % of the way to the optimum", async (optimizer) => {
    const { from, to } = await ended(one, { optimizer });
    expect((to - one.least) / (from - one.least)).toBeLessThan(0.01);
    expect(to).toBeGreaterThan(one.least * (1 - 1e-5));
  });
});

test.each(names)("%s goes 97 % of the way by the changes of local steps", async (optimizer) => {
  const wine = golden[1]!;
  const { from, to } = await ended(wine, { optimizer, strategy: "local-steps" });
  expect((to - wine.least) / (from - wine.least)).toBeLessThan(0.03);
});

describe("the usual learning rate", () => {
  const [iris, , wine] = golden as [Golden, Golden, Golden];
  const short = { stop: { rounds: 5 } };

  test.each(names)("of %s is settled before the run is recorded", async (optimizer) => {
    const { record } = await ended(iris, { optimizer, ...short });
    expect(record.spec).not.toHaveProperty("openRate");
    const given = { problem: iris.problem, data, workers: 4, wait: "all", ...short };
    const again = resolveSpec({ ...given, optimizer: record.spec.optimizer });
    expect(again).not.toHaveProperty("openRate");
    expect(again.optimizer).toEqual(record.spec.optimizer);
  });

  test("is in the target's units: a fifth of its deviation, 1 / L for sgd", async () => {
    const adam = (await ended(wine, { optimizer: "adam", ...short })).record.spec.optimizer;
    expect(adam.learningRate).toBeCloseTo(0.2 * 314.0216568419878, 3);
    const sgd = (await ended(iris, { optimizer: "sgd", ...short })).record.spec.optimizer;
    // By numpy: the largest eigenvalue of X'X/n is 2.9185.
    expect(sgd.learningRate).toBeGreaterThan(0.98 / (2.9185 / 2 + 0.001));
    expect(sgd.learningRate).toBeLessThan(1 / (2.9185 / 2 + 0.001));
    expect(sgd).toMatchObject({ momentum: 0.9, nesterov: true });
  });

  test.each(names)(
    "makes the way of %s the same for a target in other units",
    async (optimizer) => {
      const thousandth = (text: string) =>
        text.replace(
          /,([\d.]+),(\d)$/gm,
          (_, proline, cultivar) => `,${proline / 1000},${cultivar}`,
        );
      const usual = await ended(wine, { optimizer, ...short });
      const scaled = await ended(wine, { optimizer, ...short }, thousandth);
      expect(Math.abs((scaled.to * 1e6) / usual.to - 1)).toBeLessThan(1e-3);
    },
  );

  test("fits features that are not scaled", async () => {
    const { from, to } = await ended(iris, {
      optimizer: "adam",
      data: { source: "table.csv", target: iris.target, standardize: false },
      stop: { rounds: 100 },
    });
    expect(to).toBeLessThan(0.2 * from);
  });

  test("is left alone where a spec names one, and by other settings", () => {
    const spec = { problem: "logistic", data };
    const named = resolveSpec({ ...spec, optimizer: { type: "sgd", learningRate: 0.3 } });
    expect(named.optimizer).toMatchObject({ learningRate: 0.3, momentum: 0, nesterov: false });
    expect(named).not.toHaveProperty("openRate");
    const apart = { type: "local-steps", asynchronous: true };
    const local = resolveSpec({ ...spec, strategy: apart, optimizer: "adam" });
    expect(local).not.toHaveProperty("openRate");
    expect(local.optimizer.learningRate).toBe(0.001);
    const own = resolveSpec({ ...spec, optimizer: { type: "lion", beta2: 0.8 } });
    expect(own.optimizer).toMatchObject({ beta1: 0.7, beta2: 0.8, schedule: { steps: 100 } });
  });

  test("of a network is a number of its own, as nothing is known of its sizes", () => {
    const problem = { type: "network", model: "model.ts" };
    const spec = resolveSpec({ problem, data, optimizer: "adam" });
    expect(spec.optimizer).toMatchObject({ learningRate: 0.01, schedule: { type: "constant" } });
    expect(spec).not.toHaveProperty("openRate");
  });
});
