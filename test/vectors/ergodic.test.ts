import { describe, expect, it } from "vitest";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { extremes, gram, halfSquares, quorumOf } from "../run/by-hand.ts";
import { trial } from "../run/fixtures.ts";
import {
  all,
  hadamard,
  rows,
  spectrum,
  without,
  workers,
} from "../strategies/rounds/one-missing.ts";
import { leastLasso } from "./lasso-by-hand.ts";

/**
 * Under any A_t, with alpha <= 1/(L (1 + eps)) and h >= 0 (derived for encoded gradient and
 * proximal gradient descent, after the sample-path results of Karakus, Sun, Diggavi, Yin, JMLR
 * 2019): F(average of w_1..w_T) <= kappa F* + |w_0 - w*|^2 / (2 alpha (1 - eps) T), and
 * F(w_(t+1)) <= kappa F(w_t) at every step. kappa = (1 + eps)/(1 - eps) from the exact spectrum.
 */
const seed = 3;
const columns = 6;
const count = 500;
const { least, largest } = spectrum(seed);
const kappa = largest / least;

it("the frame is tight: its spectrum is at most 1/share, and not singular", () => {
  expect(largest).toBeCloseTo(8 / 7, 5);
  expect(least).toBeGreaterThan(0.05);
  expect(kappa).toBeLessThan(20);
});

describe.each([
  { type: "gradient-descent", problem: { type: "ridge", l2: 0 }, l1: 0 },
  { type: "proximal-gradient", problem: { type: "lasso", l1: 0.3 }, l1: 0.3 },
])("$type against an adversary who picks the slot that is missing", ({ type, problem, l1 }) => {
  const setting = { workers, rows, columns, seed, problem, encoding: hadamard };
  const base = trial(setting);
  const mean = gram([base.examples]).matrix.map((row) => row.map((value) => value / rows));
  const stepSize = 1 / (extremes(mean).largest * largest);
  const objective = (w: ArrayLike<number>) =>
    halfSquares([base.examples], w) / rows +
    l1 * Array.from(w).reduce((sum, value) => sum + Math.abs(value), 0);
  const best = leastLasso(base.examples, l1);

  /** The objective at the weights of every round, and at their average. */
  function worstRun(step: number, steps: number): { heights: number[]; average: number } {
    const optimizer = { type, step };
    const made = trial({ ...setting, optimizer, wait: { fastest: 7 }, roundsMax: steps });
    const strategy = rounds(made.plan);
    let state = strategy.start();
    const heights = [objective(state.weights)];
    const average = new Float64Array(columns);
    for (let t = 1; t <= steps; t++) {
      const choices = all.map((missing) =>
        quorumOf(strategy, state, without(missing), made.perform),
      );
      const values = choices.map(({ weights }) => objective(weights));
      state = choices[values.indexOf(Math.max(...values))]!;
      heights.push(objective(state.weights));
      for (let j = 0; j < columns; j++) average[j]! += state.weights[j]! / steps;
    }
    return { heights, average: objective(average) };
  }
  const distance = best.reduce((sum, value) => sum + value * value, 0);
  const { heights, average } = worstRun(stepSize, count);

  it("F(w+) <= kappa F(w) at each of 500 steps", () => {
    for (const [t, height] of heights.slice(1).entries())
      expect(height).toBeLessThanOrEqual(kappa * heights[t]! * (1 + 1e-6));
  });

  it("the average of the iterates keeps the ergodic bound", () => {
    const bound = kappa * objective(best) + distance / (2 * stepSize * least * count);
    expect(average).toBeLessThanOrEqual(bound);
    // The adversary does harm: what is reached is not the optimum.
    expect(average / objective(best)).toBeGreaterThan(1.0005);
  });

  it("steps four times as long break both", () => {
    const wild = worstRun(4 * stepSize, 40);
    const rises = wild.heights.slice(1).filter((height, t) => height > kappa * wild.heights[t]!);
    expect(rises.length).toBeGreaterThan(0);
    const bound = kappa * objective(best) + distance / (2 * 4 * stepSize * least * 40);
    expect(wild.average).toBeGreaterThan(bound);
  });
});
