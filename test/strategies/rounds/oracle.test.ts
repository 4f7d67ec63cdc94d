import { describe, expect, it } from "vitest";
import type { RoundsState } from "../../../src/strategies/rounds/state.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import { type Setting, type Trial, trial } from "../../run/fixtures.ts";
import { virtualRun } from "../../run/virtual-run.ts";

const l2 = 0.05;
const problem = { type: "ridge", l2 };

async function trained({ plan, perform }: Trial): Promise<RoundsState> {
  const end = await virtualRun(rounds(plan), { perform });
  expect(end.stop).toEqual({ kind: "done" });
  return end.state;
}

/** Rows as nested arrays, for loops that share no code with what they judge. */
function plain({ examples }: Trial): { x: number[][]; y: number[] } {
  const { values, rows, columns } = examples.rows as Extract<
    typeof examples.rows,
    { kind: "dense" }
  >;
  const x = Array.from({ length: rows }, (_, i) => [
    ...values.subarray(i * columns, (i + 1) * columns),
  ]);
  return { x, y: [...examples.targets] };
}

const inner = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** The gradient of (1/2n) |Xw - y|^2 + (l2/2) |w|^2. */
function ridgeGradient(x: number[][], y: number[], w: number[]): number[] {
  const residuals = x.map((row, i) => inner(row, w) - y[i]!);
  return w.map(
    (value, j) => residuals.reduce((sum, r, i) => sum + r * x[i]![j]!, 0) / y.length + l2 * value,
  );
}

/** L-BFGS with the exact step along each direction, as textbooks have it, in double precision. */
function textbookLbfgs(x: number[][], y: number[], count: number, memory: number): number[] {
  let w = x[0]!.map(() => 0);
  let gradient = ridgeGradient(x, y, w);
  const pairs: { s: number[]; y: number[] }[] = [];
  for (let round = 0; round < count; round++) {
    let q = [...gradient];
    const alphas: number[] = [];
    for (const pair of [...pairs].reverse()) {
      const alpha = inner(pair.s, q) / inner(pair.y, pair.s);
      alphas.unshift(alpha);
      q = q.map((value, j) => value - alpha * pair.y[j]!);
    }
    const newest = pairs.at(-1);
    const gamma = newest ? inner(newest.s, newest.y) / inner(newest.y, newest.y) : 1;
    let r = q.map((value) => gamma * value);
    pairs.forEach((pair, i) => {
      const beta = inner(pair.y, r) / inner(pair.y, pair.s);
      r = r.map((value, j) => value + pair.s[j]! * (alphas[i]! - beta));
    });
    const d = r.map((value) => -value);
    const along = x.map((row) => inner(row, d));
    const curvature = inner(along, along) / y.length + l2 * inner(d, d);
    const step = -inner(d, gradient) / curvature;
    const next = w.map((value, j) => value + step * d[j]!);
    const nextGradient = ridgeGradient(x, y, next);
    pairs.push({
      s: next.map((value, j) => value - w[j]!),
      y: nextGradient.map((value, j) => value - gradient[j]!),
    });
    if (pairs.length > memory) pairs.shift();
    w = next;
    gradient = nextGradient;
  }
  return w;
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

describe("rounds with one worker, uncoded, waiting for all", () => {
  it("are the textbook's gradient descent to the bit", async () => {
    const step = 0.1;
    const optimizer = { type: "gradient-descent", step };
    const one = trial({ workers: 1, rows: 30, columns: 4, problem, optimizer, roundsMax: 25 });
    const { weights } = await trained(one);
    const { x, y } = plain(one);
    // Weights and replies are single precision, everything between is double.
    let w = [0, 0, 0, 0];
    for (let round = 0; round < 25; round++) {
      const sums = [0, 0, 0, 0];
      for (const [i, row] of x.entries()) {
        const prediction = row[0]! * w[0]! + row[1]! * w[1]! + (row[2]! * w[2]! + row[3]! * w[3]!);
        for (let j = 0; j < 4; j++) sums[j]! += row[j]! * (prediction - y[i]!);
      }
      w = w.map((value, j) => {
        const gradient = (1 / 30) * Math.fround(sums[j]!) + l2 * value;
        return Math.fround(value - step * gradient);
      });
    }
    expect([...weights]).toEqual(w);
    expect(Math.hypot(...ridgeGradient(x, y, w))).toBeLessThan(0.5);
  });

  it("take the safe step 1/L", async () => {
    const optimizer = { type: "gradient-descent" };
    const setting = { workers: 1, rows: 30, columns: 4, problem, roundsMax: 9 };
    const safe = await trained(trial({ ...setting, optimizer, largestEigenvalue: 3 }));
    const step = 1 / (3 + l2);
    const given = await trained(trial({ ...setting, optimizer: { ...optimizer, step } }));
    expect(safe.weights).toEqual(given.weights);
  });

  it.each([1, 3, 7])("are the textbook's L-BFGS after %i rounds", async (count) => {
    const optimizer = { type: "l-bfgs", memory: 4 };
    const one = trial({ workers: 1, rows: 40, columns: 8, problem, optimizer, roundsMax: count });
    const { weights } = await trained(one);
    const { x, y } = plain(one);
    expect(distance(weights, textbookLbfgs(x, y, count, 4))).toBeLessThan(1e-6);
  });

  it("descend a logistic loss to a vanishing gradient", async () => {
    const setting = { workers: 1, rows: 60, columns: 3, roundsMax: 40, noise: 3 };
    const base = trial(setting);
    const targets = base.examples.targets.map((target) => Number(target > 0));
    const examples = { ...base.examples, targets };
    const one = trial({ ...setting, examples, problem: { type: "logistic", l2 } });
    const { weights } = await trained(one);
    const { x } = plain(one);
    const gradient = [...weights].map((value, j) => {
      const sum = x.reduce((total, row, i) => {
        const probability = 1 / (1 + Math.exp(-inner(row, [...weights])));
        return total + (probability - targets[i]!) * row[j]!;
      }, 0);
      return sum / x.length + l2 * value;
    });
    expect(Math.hypot(...gradient)).toBeLessThan(1e-5);
  });
});

describe("all replies of a tight code", () => {
  const optimizers = [{ type: "l-bfgs" }, { type: "gradient-descent", step: 0.1 }];
  const codes: NonNullable<Setting["encoding"]>[] = [
    { type: "hadamard" },
    { type: "hadamard", redundancy: 1.5 },
    { type: "replication" },
  ];
  it.each(optimizers)("train as uncoded data do, with %o", async (optimizer) => {
    const setting = { workers: 8, rows: 100, columns: 6, problem, optimizer, roundsMax: 8 };
    const uncoded = await trained(trial(setting));
    for (const encoding of codes) {
      const coded = await trained(trial({ ...setting, encoding }));
      expect(distance(coded.weights, uncoded.weights)).toBeLessThan(1e-6);
    }
    const missing = await trained(trial({ ...setting, wait: { fastest: 7 } }));
    expect(distance(missing.weights, uncoded.weights)).toBeGreaterThan(1e-4);
  });
});
