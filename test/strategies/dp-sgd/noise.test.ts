import { expect, test } from "vitest";
import { accountReleases } from "../../../src/privacy/account.ts";
import { quickAccount, sumNoise } from "../../../src/privacy/calibrate-sums.ts";
import type { DpSgdRelease } from "../../../src/privacy/release.ts";
import { clippedGradientParts } from "../../../src/problems/clipped-gradients.ts";
import { problems } from "../../../src/problems/registry.ts";
import { dpSgd } from "../../../src/strategies/dp-sgd/strategy.ts";
import type { ClippedGradientSumTask } from "../../../src/tasks/clipped-gradient-sum.ts";
import { sceneOf } from "./scene.ts";

const privacy = {
  epsilon: 2,
  delta: 1e-5,
  unit: "record",
  adjacency: "add-remove",
  clip: 0.5,
  noise: "gaussian",
  divisor: 100,
  evaluate: false,
} as const;
const planned = { privacy, rounds: 20, records: 200, workers: 4, length: 30 };

test("published noise: no mean, the variance that is paid for, no two slots alike", async () => {
  const noises: number[] = [];
  let products = 0;
  let sigma = 0;
  const problem = problems.create({ type: "softmax" });
  for (let i = 0; i < 120; i++) {
    const scene = sceneOf({ noise: "workers", run: `run-${i}` });
    sigma = scene.plan.published.rule.noise;
    const strategy = dpSgd(scene.plan);
    const zero = new Float64Array(scene.plan.weightsLength);
    const drawn: number[][] = [];
    for (const task of strategy.wanted(strategy.start()) as ClippedGradientSumTask[]) {
      const { values } = await scene.perform(task);
      const { clipped } = clippedGradientParts(
        problem,
        scene.shards[task.slot]!,
        zero,
        scene.plan.clip,
      );
      drawn.push([...clipped].map((one, j) => (values[j]! - one) / sigma));
    }
    noises.push(...drawn.flat());
    for (const [j, one] of drawn[0]!.entries()) products += one * drawn[1]![j]!;
  }
  const count = noises.length;
  const mean = noises.reduce((sum, one) => sum + one, 0) / count;
  const variance = noises.reduce((sum, one) => sum + one * one, 0) / count;
  expect(count).toBe(120 * 4 * 12);
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count));
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
  const pairs = 120 * 12;
  expect(Math.abs(products / pairs)).toBeLessThan(4 / Math.sqrt(pairs));
  // What is paid: sigma over the most that a record moves, which is more than the clip.
  const scene = sceneOf({ noise: "workers" });
  const { rule, release } = scene.plan.published;
  expect(rule.sensitivity).toBeGreaterThan(scene.plan.clip);
  expect(release.noise).toBeLessThanOrEqual((rule.noise / rule.sensitivity) * (1 + 1e-8));
  expect(release.noise).toBeLessThan(rule.noise / scene.plan.clip);
});

test.each([1, 0.2])("rate %d: all planned rounds keep the budget, one more does not", (rate) => {
  const { release } = sumNoise({ ...planned, rate });
  const rounds = (count: number): DpSgdRelease[] => Array.from({ length: count }, () => release);
  const spent = accountReleases(rounds(20), 1e-5).epsilon;
  expect(spent).toBeLessThanOrEqual(2);
  expect(spent).toBeGreaterThan(2 * (1 - 1e-5));
  expect(accountReleases(rounds(21), 1e-5).epsilon).toBeGreaterThan(2);
  const quick = quickAccount(20);
  expect(quick([], 1e-5)).toBe(0);
  for (const count of [1, 19, 20]) expect(quick(rounds(count), 1e-5)).toBeLessThanOrEqual(2);
  expect(quick(rounds(21), 1e-5)).toBeGreaterThan(2);
  // Never below what is proven.
  const few = accountReleases(rounds(3), 1e-5).epsilon;
  expect(quick(rounds(3), 1e-5)).toBeGreaterThanOrEqual(few * (1 - 1e-9));
  // As a ledger tells them: parts in another order.
  const turned = rounds(5).map((one) => Object.fromEntries(Object.entries(one).reverse()));
  expect(quick(turned as unknown as DpSgdRelease[], 1e-5)).toBe(quick(rounds(5), 1e-5));
});

test("under add-remove nothing public hangs on how many rows there are", () => {
  const at = (rows: number, adjacency: string) =>
    sceneOf({ rows, change: { privacy: { ...privacy, adjacency, divisor: 20 } } }).plan;
  const [few, many] = [at(24, "add-remove"), at(25, "add-remove")];
  expect([many.divisor, many.published]).toEqual([few.divisor, few.published]);
  expect(at(25, "zero-out").published).not.toEqual(at(24, "zero-out").published);
  expect(() => at(41, "add-remove")).toThrow("more than twice as many rows");
});
