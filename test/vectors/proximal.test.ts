import { describe, expect, it } from "vitest";
import { optimizers } from "../../src/optimizers/registry.ts";
import { softThreshold } from "../../src/problems/penalty.ts";
import { finishRun } from "../../src/run/finish.ts";
import { wholeWeights } from "../../src/run/model-weights.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { trial } from "../run/fixtures.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";
import { exactRun } from "../strategies/rounds/exact-run.ts";
import { leastLasso } from "./lasso-by-hand.ts";

describe("the soft threshold, S(v, t) = sign(v) max(|v| - t, 0)", () => {
  const weights = () => Float64Array.of(3, -3, 0.5, -0.5, 0, 2);

  it("moves every weight by step l1 towards zero, and stops there", () => {
    const shape = { columns: 6, intercept: false };
    expect([...softThreshold(2, 0.5, shape, weights())]).toEqual([2, -2, 0, 0, 0, 1]);
  });

  it("leaves the intercept of every output alone", () => {
    const shape = { columns: 3, intercept: true };
    expect([...softThreshold(2, 0.5, shape, weights())]).toEqual([2, -2, 0.5, 0, 0, 2]);
  });

  it("of no penalty is the point itself", () => {
    const shape = { columns: 6, intercept: false };
    expect([...softThreshold(0, 0.5, shape, weights())]).toEqual([...weights()]);
  });
});

/**
 * Beck and Teboulle 2009, (4.1) to (4.3), on f(x) = 2 x^2, alpha = 1/8, l1 = 0, from x_0 = y_1 = 1:
 * x_k = y_k / 2, t_1 = 1, t_2 = (1 + sqrt 5)/2, y_2 = x_1 = 1/2, x_2 = 1/4,
 * y_3 = x_2 + (t_2 - 1)/t_3 (x_2 - x_1), t_3 = (1 + sqrt(1 + 4 t_2^2))/2.
 */
describe("FISTA on a parabola", () => {
  const create = (restart: boolean) => {
    const optimizer = optimizers.create({ type: "fista", step: 0.125, restart } as never);
    if (optimizer.searches) throw new Error("fista moves by itself");
    return optimizer;
  };
  const walk = (restart: boolean, steps: number) => {
    const optimizer = create(restart);
    let [x, y] = [Float32Array.of(1), Float32Array.of(1)];
    let memory = optimizer.start();
    const path: { x: number; y: number }[] = [];
    for (let k = 0; k < steps; k++) {
      const gradient = Float64Array.of(4 * y[0]!);
      const here = { weights: x, asked: y, gradient, stepSize: 0.125 };
      const moved = optimizer.move(memory, { ...here, shrink: (point) => point });
      x = Float32Array.from(moved.weights);
      y = moved.ask === null ? x : Float32Array.from(moved.ask);
      memory = moved.memory;
      path.push({ x: x[0]!, y: y[0]! });
    }
    return path;
  };

  it("takes the steps of its definition", () => {
    const t2 = (1 + Math.sqrt(5)) / 2;
    const t3 = (1 + Math.sqrt(1 + 4 * t2 * t2)) / 2;
    const [first, second] = walk(false, 2);
    expect(first).toEqual({ x: 0.5, y: 0.5 });
    expect(second!.x).toBe(0.25);
    expect(second!.y).toBeCloseTo(0.25 - (0.25 * (t2 - 1)) / t3, 7);
  });

  it("drops its momentum where that points uphill, and ends far nearer the bottom", () => {
    const [swinging, restarted] = [walk(false, 60), walk(true, 60)];
    expect(Math.abs(restarted.at(-1)!.x)).toBeLessThan(1e-6 * Math.abs(swinging.at(-1)!.x));
  });
});

describe("a run under an l1 penalty", () => {
  const setting = {
    workers: 4,
    rows: 80,
    columns: 6,
    problem: { type: "lasso", l1: 0.4 },
    optimizer: { type: "proximal-gradient", step: 0.3 },
    roundsMax: 300,
  };

  it("stops by the proximal gradient mapping: the gradient itself does not vanish", () => {
    const made = trial({ ...setting, tolerance: 1e-4 });
    const { state } = exactRun(made, "fixed", 4);
    expect(state.round).toBeLessThan(100);
    const best = leastLasso(made.examples, 0.4);
    for (const [j, weight] of state.weights.entries()) expect(weight).toBeCloseTo(best[j]!, 3);
  });

  it("keeps the intercept out of the penalty", () => {
    const run = (intercept: boolean) => {
      const made = trial({ ...setting, problem: { type: "lasso", l1: 50 }, roundsMax: 40 });
      const plan = { ...made.plan, shape: { ...made.plan.shape, intercept } };
      return exactRun({ ...made, plan }, "fixed", 4).state;
    };
    expect([...run(false).weights]).toEqual([0, 0, 0, 0, 0, 0]);
    const [last, ...others] = [...run(true).weights].reverse();
    expect(others).toEqual([0, 0, 0, 0, 0]);
    expect(Math.abs(last!)).toBeGreaterThan(0.01);
  });

  it("reports the objective with its penalty, and how many weights are not zero", async () => {
    const spec = { problem: { type: "lasso", l1: 0.4 }, wait: "all", workers: 4 };
    const start = await scene({ ...spec, stop: { rounds: 100 } }, table(80, 4, 1));
    const end = await segment(start);
    const result = await finishRun(start.record, start.staged.prepared, end, start.store);
    const weights = [...wholeWeights(end.model)].slice(0, -1);
    const absolute = weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
    const { rmse, nonzero } = result.metrics.train;
    expect(result.objective).toBeCloseTo(rmse! ** 2 / 2 + 0.4 * absolute, 9);
    expect(nonzero).toBe(weights.filter((weight) => weight !== 0).length);
    expect(result.metrics.test).toEqual({});
  });
});

describe("a spec", () => {
  const base = { data: { source: "t.csv", target: "y" }, workers: 8 };
  const optimizerOf = (problem: object | string) =>
    resolveSpec({ ...base, problem }).optimizer.type;

  it("has an optimizer that its problem can use", () => {
    expect(optimizerOf("ridge")).toBe("l-bfgs");
    expect(optimizerOf("logistic")).toBe("l-bfgs");
    expect(optimizerOf("lasso")).toBe("fista");
    expect(optimizerOf("elastic-net")).toBe("fista");
    expect(optimizerOf({ type: "lasso", l1: 0 })).toBe("l-bfgs");
  });

  it.each(["l-bfgs", "gradient-descent"])("is refused where %s would meet |w|_1", (optimizer) => {
    const spec = resolveSpec({ ...base, problem: "lasso", optimizer });
    expect(() => resolveMembers(spec)).toThrow(
      /^optimizer: .* follows gradients, and the l1 penalty/,
    );
  });

  it("is refused where no code would make it exact", () => {
    const strategy = { type: "rounds", exact: true };
    const spec = resolveSpec({ ...base, problem: "ridge", encoding: "gaussian", strategy });
    expect(() => resolveMembers(spec)).toThrow(/^strategy: exact needs a code/);
  });
});
