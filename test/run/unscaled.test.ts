import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { ResultEvent, RoundEvent } from "../../src/ports/events.ts";
import { finishRun } from "../../src/run/finish.ts";
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
  return { result, rounds, asked, weights: end.weights };
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
