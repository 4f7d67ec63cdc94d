import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Prepared } from "../../src/data/manifests.ts";
import { dot } from "../../src/math/vector.ts";
import type { ResultEvent, RoundEvent } from "../../src/ports/events.ts";
import { problems as problemFamily } from "../../src/problems/registry.ts";
import { finishRun } from "../../src/run/finish.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import {
  scaledChange,
  scaledGradient,
  scalingOf,
  unscaledChange,
} from "../../src/strategies/rounds/scaling.ts";
import { scene, segment } from "../simulation/simulated-run.ts";

const data = { source: "table.csv", target: "y", standardize: false };
const common = { workers: 4, encoding: "replication", data };

/** Two overlapping classes told by one column, whose values `at` makes of numbers from 0 to 1. */
function oneColumn(at: (share: number) => number, classes = 2): string {
  const random = randomFrom("one column");
  const lines = Array.from({ length: 300 }, () => {
    const share = random.uniform();
    const told = Math.round(share * (classes - 1) + 0.4 * (random.uniform() - 0.5));
    return `${at(share)},c${told}`;
  });
  return `x,y\n${lines.join("\n")}\n`;
}

async function trained(spec: object, text: string) {
  const start = await scene({ ...common, ...spec }, text);
  const rounds: RoundEvent[] = [];
  const asked = new Set<string>();
  const end = await segment(start, {
    listen(event) {
      if (event.type === "round") rounds.push(event);
      if (event.type === "arrival") asked.add(event.task.replace(/\/slot-.*/, ""));
    },
  });
  const result: ResultEvent = await finishRun(
    start.record,
    start.staged.prepared,
    end,
    start.store,
  );
  return { result, rounds, asked, weights: wholeWeights(end.model) };
}

const problems = ["logistic", "squared-hinge", "softmax"];
const columns: [string, (share: number) => number][] = [
  ["years", (share) => 1950 + Math.floor(70 * share)],
  ["uniform on 0 to 300", (share) => 300 * share],
];

describe("a column that is not scaled", () => {
  it.each(problems.flatMap((problem) => columns.map(([name, at]) => ({ problem, name, at }))))(
    "$problem on $name comes to what it does on scaled columns",
    async (one) => {
      const classes = one.problem === "softmax" ? 3 : 2;
      const problem = { type: one.problem, l2: 0 };
      const text = oneColumn(one.at, classes);
      const scaled = await trained({ problem, data: { ...data, standardize: true } }, text);
      const plain = await trained({ problem }, text);
      const { accuracy } = scaled.result.metrics.train;
      expect(accuracy).toBeGreaterThan(0.85);
      expect(plain.result.metrics.train.accuracy).toBeCloseTo(accuracy!, 2);
      expect(plain.result.objective / scaled.result.objective).toBeCloseTo(1, 3);
    },
  );

  it.each([1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e9])(
    "of scale %d costs no more rounds",
    async (scale) => {
      const problem = { type: "logistic", l2: 0 };
      const spec = { problem, wait: "all", data: { ...data, intercept: false } };
      const plain = await trained(
        spec,
        oneColumn((share) => 2 * share - 1),
      );
      const other = await trained(
        spec,
        oneColumn((share) => scale * (2 * share - 1)),
      );
      expect(other.weights[0]! * scale).toBeCloseTo(plain.weights[0]!, 3);
      expect(other.rounds.length).toBeLessThan(plain.rounds.length + 6);
      // Two questions a round, and a few more until the scale is found.
      expect(other.asked.size).toBeLessThan(2 * other.rounds.length + 6);
      expect(plain.asked.size).toBeLessThanOrEqual(2 * plain.rounds.length);
    },
  );
});

describe("steps in the weights of standardised features", () => {
  const random = randomFrom("scaling");
  const draw = (length: number) => Float64Array.from({ length }, () => random.normal());
  const law = (intercept: boolean, l2: number) => {
    const features = 4;
    const columns = features + Number(intercept);
    const scales = { means: [...draw(features)], deviations: [...draw(features).map(Math.exp)] };
    const about = { scales, columns, preparation: { intercept } } as unknown as Prepared;
    const problem = problemFamily.create(
      problemFamily.resolve({ type: "softmax", l2 } as never, "problem"),
    );
    return { scaling: scalingOf(problem, about), length: 3 * columns };
  };

  it.each([
    [true, 0],
    [true, 0.3],
    [false, 0.3],
  ])("are the same changes (intercept %s, l2 %d)", (intercept, l2) => {
    const { scaling, length } = law(intercept, l2);
    const [change, gradient] = [draw(length), draw(length)];
    const there = scaledChange(scaling, change);
    for (const [i, value] of unscaledChange(scaling, there).entries())
      expect(value).toBeCloseTo(change[i]!, 12);
    expect(dot(scaledGradient(scaling, gradient), there)).toBeCloseTo(dot(gradient, change), 12);
  });

  it("take a straight way where columns differ by powers of ten", async () => {
    const scalesOf = [1e-4, 1, 1e5, 30];
    const draws = randomFrom("powers");
    const lines = Array.from({ length: 400 }, () => {
      const x = scalesOf.map(() => draws.normal());
      const y = x[0]! - x[1]! + x[2]! + 2 * x[3]! + 2 * draws.normal() > 0 ? "a" : "b";
      return [...x.map((value, j) => scalesOf[j]! * (value + 3)), y].join(",");
    });
    const text = `p,q,r,s,y\n${lines.join("\n")}\n`;
    const spec = { problem: { type: "logistic", l2: 0 }, wait: "all" };
    const plain = await trained(spec, text);
    const scaled = await trained({ ...spec, data: { ...data, standardize: true } }, text);
    expect(plain.result.objective / scaled.result.objective).toBeCloseTo(1, 6);
    expect(plain.result.convergence).toMatchObject({ converged: true });
    expect(plain.rounds.length).toBeLessThanOrEqual(scaled.rounds.length + 5);
  });
});

describe("a step of 0", () => {
  it("says why, and ends a run that all slots agree about", async () => {
    const text = oneColumn((share) => 300 * share);
    const spec = { problem: "logistic", wait: "all", stop: { rounds: 400, tolerance: 0 } };
    const { rounds } = await trained(spec, text);
    expect(rounds.length).toBeLessThan(400);
    const last = rounds.at(-1)!;
    expect(last.stepSize).toBe(0);
    expect(last.stood).toMatch(
      /^(no step of \S+ to \S+ lowers the objective of the 4 slots|a step of \S+ is none that)/,
    );
    expect(last.gradientNorm).toBeLessThan(1e-4 * rounds[0]!.gradientNorm);
  });
});
