import { describe, expect, test } from "vitest";
import { problems } from "../../src/problems/registry.ts";
import { relativeDualityGap } from "../../src/run/duality-gap.ts";
import { finishRun } from "../../src/run/finish.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

const common = { workers: 4, wait: "all", encoding: "replication" };

/** A run to its end, and what its result says of the optimum. */
async function ended(spec: object, classes = false) {
  const start = await scene({ ...common, ...spec }, table(200, 4, 3, classes));
  const end = await segment(start);
  const { record, staged, store } = start;
  return finishRun(record, staged.prepared, end, store);
}

const cases: [string, object, boolean][] = [
  ["ridge", { problem: { type: "ridge", l2: 0.1 } }, false],
  ["lasso", { problem: { type: "lasso", l1: 0.2 }, optimizer: "fista" }, false],
  [
    "elastic-net",
    { problem: { type: "elastic-net", l1: 0.2, l2: 0.1 }, optimizer: "fista" },
    false,
  ],
  ["logistic", { problem: { type: "logistic", l2: 0.01 } }, true],
  ["squared-hinge", { problem: { type: "squared-hinge", l2: 0.01 } }, true],
  ["softmax", { problem: { type: "softmax", l2: 0.01 } }, true],
];

describe.each(cases)("%s", (_name, spec, classes) => {
  test("the gap bounds how far a model is above the optimum, and closes there", async () => {
    const best = await ended({ ...spec, stop: { rounds: 2_000, tolerance: 1e-9 } }, classes);
    expect(best.convergence!.gap).toBeLessThan(1e-5);
    for (const rounds of [2, 5]) {
      const early = await ended({ ...spec, stop: { rounds, tolerance: 0 } }, classes);
      const above = (early.objective - best.objective) / early.objective;
      // Free intercepts are settled first: what they are off by is not in the gap.
      expect(early.convergence!.gap).toBeGreaterThan(above / 2 - 1e-6);
    }
  });
});

test("rows are read at most twice, however far off the free intercept is", async () => {
  const problem = problems.create({ type: "logistic" });
  const { staged, store } = await scene(
    { ...common, problem: { type: "logistic", l2: 0.01 } },
    table(200, 4, 3, true),
  );
  const { prepared } = staged;
  for (const intercept of [0, 3]) {
    const reads: string[] = [];
    const counted = {
      ...store,
      read: (key: string) => {
        reads.push(key);
        return store.read(key);
      },
    };
    const weights = new Float32Array(prepared.columns);
    weights[prepared.columns - 1] = intercept;
    const gap = await relativeDualityGap(counted, prepared, problem, async () => weights);
    expect(gap).toBeGreaterThan(0);
    for (const { key } of prepared.train)
      expect(reads.filter((read) => read === key).length).toBeLessThan(3);
  }
});

test("a tolerance ends no run because its start was steep", async () => {
  // A column ten thousand times as large as the others is nearly all of the first gradient.
  const rows = Array.from({ length: 120 }, (_, i) => {
    const [a, b] = [Math.sin(7 * i), Math.cos(11 * i)];
    return `${10_000 * a},${b},${a + 3 * b}`;
  });
  const spec = {
    ...common,
    problem: { type: "ridge", l2: 0.001 },
    data: { source: "table.csv", target: "y", standardize: false },
    optimizer: { type: "gradient-descent" },
    stop: { rounds: 500, tolerance: 1e-3 },
  };
  const text = `a,b,y\n${rows.join("\n")}\n`;
  const start = await scene(spec, text);
  const end = await segment(start);
  const result = await finishRun(start.record, start.staged.prepared, end, start.store);
  // Measured against the first gradient, it ended after two rounds and 43 % above the optimum.
  expect(result.rounds).toBe(500);
  expect(result.convergence).toMatchObject({ converged: false });
  expect(result.convergence!.reason).toMatch(/^stop.rounds: 500 rounds were not enough: .* above/);
  const quick = { ...spec, optimizer: { type: "l-bfgs" } };
  const far = await scene(quick, text);
  const found = await finishRun(far.record, far.staged.prepared, await segment(far), far.store);
  expect(found.rounds).toBeLessThan(20);
  expect(found.convergence).toMatchObject({ converged: true });
  expect(found.convergence!.gap).toBeLessThan(0.01);
});

test.each([
  ["hadamard", /^3 of 4 replies a round: within about 0\.\d+ % of the optimum$/, /exact: true/],
  ["gaussian", /^3 of 4 replies a round: the objective may be up to .* above/, /^set wait: all/],
])(
  "quorums over %s that keep a run from the optimum are named",
  async (encoding, reason, remedy) => {
    const spec = { problem: { type: "ridge", l2: 0.1 }, encoding, wait: { fastest: 3 } };
    const weather = { model: "exponential", meanMs: 30 };
    const told = await ended({ ...spec, weather, stop: { rounds: 40, tolerance: 1e-6 } });
    expect(told.convergence).toMatchObject({ converged: false });
    expect(told.convergence!.reason).toMatch(reason);
    expect(told.convergence!.remedy).toMatch(remedy);
    const strategy = { type: "rounds", exact: true };
    if (encoding !== "hadamard") return;
    const exact = await ended({
      ...spec,
      weather,
      strategy,
      stop: { rounds: 60, tolerance: 1e-6 },
    });
    expect(exact.convergence).toMatchObject({ converged: true });
  },
);

test("how much zero weights lose is asked only of a fit that is nearly perfect", async () => {
  for (const type of ["ridge", "logistic"]) {
    const isClasses = type === "logistic";
    const chosen = { type, l2: 1e-6 };
    const { staged, store } = await scene(
      { ...common, problem: chosen },
      table(200, 4, 3, isClasses),
    );
    const { prepared } = staged;
    const problem = problems.create(chosen);
    const at = new Float32Array(prepared.columns).fill(0.1);
    const gapBy = async (spares: boolean, lossShare: number) => {
      let [bounds, asked] = [0, 0];
      const watched: typeof problem = {
        ...problem,
        // The first call is for the intercept's step.
        smoothness: (most) => (bounds++ > 0 && !spares ? Infinity : problem.smoothness(most)),
        lossAt(predictions, targets, slopes, weights) {
          if (slopes === undefined) asked++;
          const loss = problem.lossAt(predictions, targets, slopes, weights);
          if (slopes === undefined) return loss;
          for (let i = 0; i < slopes.length; i++) slopes[i]! *= lossShare;
          return loss * lossShare;
        },
      };
      return { gap: await relativeDualityGap(store, prepared, watched, async () => at), asked };
    };
    const [spared, whole] = [await gapBy(true, 1), await gapBy(false, 1)];
    expect([spared.asked, whole.asked > 0]).toEqual([0, true]);
    expect(spared.gap).toBe(whole.gap);
    expect((await gapBy(true, 1e-6)).asked).toBeGreaterThan(0);
  }
});
