import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { rounds } from "../../src/run/strategies/rounds.ts";
import { halfSquares, quorumOf, solve } from "./by-hand.ts";
import { linearExamples, trial } from "./fixtures.ts";

const [workers, rows, columns, l2, trials] = [32, 256, 375, 0.05, 6];

/** F/F* - 1 after 60 rounds in which the same slots are always missing, for each trial. */
function excesses(encoding: { type: string }, live: number): number[] {
  return Array.from({ length: trials }, (_, at) => {
    const seed = `stragglers/${at}`;
    const random = randomFrom(seed);
    const examples = linearExamples(rows, columns, Math.sqrt(columns) / 2, random.fork("rows"));
    const { plan, perform } = trial({
      workers,
      examples,
      seed,
      encoding,
      problem: { type: "ridge", l2 },
      optimizer: { type: "l-bfgs", memory: 10, backOff: 0.9 },
      wait: { fastest: live },
      roundsMax: 60,
    });
    const slots = [...random.fork("live").permutation(workers)].slice(0, live);
    const strategy = rounds(plan);
    let state = strategy.start();
    while (strategy.wanted(state).length > 0) state = quorumOf(strategy, state, slots, perform);
    return objective(examples, state.weights) / optimum(examples) - 1;
  }).sort((a, b) => a - b);
}

type Rows = ReturnType<typeof linearExamples>;

function objective(examples: Rows, weights: ArrayLike<number>): number {
  const square = Array.from(weights).reduce((sum, value) => sum + value * value, 0);
  return halfSquares([examples], weights) / rows + (l2 / 2) * square;
}

/** By the dual: w = X'(XX' + n l2 I)^-1 y, since there are fewer rows than columns. */
function optimum(examples: Rows): number {
  const { targets } = examples;
  const { values } = examples.rows as Extract<Rows["rows"], { kind: "dense" }>;
  const x = Array.from({ length: rows }, (_, i) => values.subarray(i * columns, (i + 1) * columns));
  const kernel = x.map((a, i) =>
    x.map((b, j) => {
      let sum = i === j ? rows * l2 : 0;
      for (let k = 0; k < columns; k++) sum += a[k]! * b[k]!;
      return sum;
    }),
  );
  const dual = solve(kernel, [...targets]);
  const weights = new Float64Array(columns);
  for (const [i, row] of x.entries())
    for (let k = 0; k < columns; k++) weights[k]! += dual[i]! * row[k]!;
  return objective(examples, weights);
}

const median = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)]!;

describe("ridge with more columns than rows, 4 of 32 workers always missing", () => {
  it("is solved to a few percent with Hadamard encoding, in every trial", () => {
    const found = excesses({ type: "hadamard" }, 28);
    expect(found.at(-1)!).toBeLessThan(0.06);
  });

  it("is not solved uncoded", () => {
    const found = excesses({ type: "uncoded" }, 28);
    expect(median(found)).toBeGreaterThan(1.5);
  });

  it.each(["hadamard", "replication", "uncoded"])("is solved exactly by all with %s", (type) => {
    const found = excesses({ type }, 32);
    expect(found.at(-1)!).toBeLessThan(1e-8);
  });
});
