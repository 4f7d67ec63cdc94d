import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import { campaign } from "../../campaign.ts";
import { quorumOf } from "../../run/by-hand.ts";
import { linearExamples, trial } from "../../run/fixtures.ts";
import { leastRidge, ridgeObjective } from "./ridge-by-hand.ts";

const [workers, rows, columns, l2, trials] = [32, 256, 375, 0.05, campaign(2, 12)];

/** F/F* - 1 after 60 rounds in which the same slots are always missing, for each trial. */
function excesses(encoding: { type: string }, live: number, count = trials): number[] {
  return Array.from({ length: count }, (_, at) => {
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
    return ridgeObjective(examples, l2, state.weights) / leastOf(seed, examples) - 1;
  }).sort((a, b) => a - b);
}

const known = new Map<string, number>();

function leastOf(seed: string, examples: Parameters<typeof leastRidge>[0]): number {
  const least = known.get(seed) ?? leastRidge(examples, l2);
  known.set(seed, least);
  return least;
}

const median = (sorted: readonly number[]) => sorted[Math.floor(sorted.length / 2)]!;

describe("ridge with more columns than rows, 4 of 32 workers always missing", () => {
  it.each(["hadamard", "paley", "steiner"])(
    "is solved to six hundredths with %s, in every trial",
    (type) => {
      const found = excesses({ type }, 28);
      expect(found.at(-1)!).toBeLessThan(0.06);
    },
  );

  it("is not solved uncoded", () => {
    const found = excesses({ type: "uncoded" }, 28);
    expect(median(found)).toBeGreaterThan(1.5);
  });

  it.each(["hadamard", "paley", "steiner", "replication", "uncoded"])(
    "is solved exactly by all with %s",
    (type) => {
      const found = excesses({ type }, 32, 2);
      expect(found.at(-1)!).toBeLessThan(1e-8);
    },
  );
});
