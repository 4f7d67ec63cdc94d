import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { halfSquares } from "../run/by-hand.ts";
import { type Setting, trial } from "../run/fixtures.ts";
import { exactRun } from "../strategies/rounds/exact-run.ts";

/** The size of the check: a hundredth of the published experiment in both directions. */
export const scaled = {
  rows: 1280,
  columns: 1000,
  nonzeros: 77,
  noise: 4,
  l1: 0.6,
  workers: 128,
  rounds: 200,
};

interface LassoTrial {
  readonly rows: number;
  readonly columns: number;
  /** Weights of the truth, N(0, 4) each, that are not zero. */
  readonly nonzeros: number;
  readonly noise: number;
  readonly l1: number;
  readonly workers: number;
  readonly rounds: number;
  readonly encoding: NonNullable<Setting["encoding"]>;
  readonly optimizer: NonNullable<Setting["optimizer"]>;
  readonly exact?: { readonly everyRounds: number };
  /** Replies that count in a round, of other slots each time. */
  readonly k: number;
  readonly seed: number;
}

/** The weights that training ends with, and what they are to be held against. */
export function lassoTrial(given: LassoTrial) {
  const { rows, workers, k, seed, rounds } = given;
  const { examples, support } = sparseExamples(given);
  const made = trial({
    workers,
    examples,
    seed,
    encoding: given.encoding,
    problem: { type: "lasso", l1: given.l1 },
    optimizer: given.optimizer,
    // Of a Gaussian matrix, and a little more.
    largestEigenvalue: 1.02 * (1 + Math.sqrt(given.columns / rows)) ** 2,
    wait: { fastest: k },
    roundsMax: rounds,
    ...(given.exact === undefined ? {} : { exact: given.exact }),
  });
  const { weights } = exactRun(made, "random", k).state;
  return { weights, examples, support, f1: f1Of(weights, support) };
}

export function lassoObjective(examples: Examples, l1: number, weights: ArrayLike<number>): number {
  const absolute = Array.from(weights).reduce((sum, value) => sum + Math.abs(value), 0);
  return halfSquares([examples], weights) / examples.rows.rows + l1 * absolute;
}

/** 2PR/(P + R), P and R precision and recall of the weights other than zero. */
export function f1Of(weights: ArrayLike<number>, support: ReadonlySet<number>): number {
  const found = Array.from(weights).flatMap((weight, j) => (weight === 0 ? [] : [j]));
  const right = found.filter((j) => support.has(j)).length;
  return (2 * right) / (found.length + support.size);
}

function sparseExamples({ rows, columns, nonzeros, noise, seed }: LassoTrial) {
  const random = randomFrom(`lasso/${seed}`);
  const support = new Set([...random.fork("support").permutation(columns)].slice(0, nonzeros));
  const truth = new Float64Array(columns);
  const draw = random.fork("truth");
  for (const j of support) truth[j] = 2 * draw.normal();
  const stream = random.fork("rows");
  const values = Float32Array.from({ length: rows * columns }, () => stream.normal());
  const targets = Float32Array.from({ length: rows }, (_, i) => {
    let sum = noise * stream.normal();
    for (const j of support) sum += values[i * columns + j]! * truth[j]!;
    return sum;
  });
  const examples: Examples = { rows: { kind: "dense", rows, columns, values }, targets };
  return { examples, support };
}
