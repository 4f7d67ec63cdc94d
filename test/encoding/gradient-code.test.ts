import { describe, expect, test } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { slotMapOf } from "../../src/core/slot-map.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Examples } from "../../src/math/rows.ts";
import { estimate } from "../../src/quorum/decode.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import type { WorkerTask } from "../../src/tasks/protocol.ts";
import { matrix, row } from "../../src/testing/dense.ts";
import { storedCode, subsets } from "../../src/testing/stored-code.ts";
import { quorumOf } from "../run/by-hand.ts";
import { linearExamples, trial } from "../run/fixtures.ts";
import { solve } from "./solve.ts";

/*
 * Fractional repetition gradient codes: Tandon, Lei, Dimakis, Karampatziakis, ICML 2017. Part g is
 * at slots g, g + m/(s+1), ...; a decoding solves B'a = 1, B the slots by parts.
 */

const workers = 8;

describe.each([0, 1, 3])("for %i stragglers of 8 slots", (stragglers) => {
  const encoding = { type: "gradient-code", stragglers };
  const parts = workers / (stragglers + 1);

  test.each(["ridge", "logistic"])("every way to miss them gives the exact sum: %s", (type) => {
    const { plan, shards, examples, perform } = trial({
      workers,
      problem: { type },
      encoding,
      examples: signed(type),
    });
    const task = { operation: "gradient", weights: Float32Array.of(1, -1, 0.5) } as WorkerTask;
    const replies = shards.map((_, slot) => perform({ ...task, slot }));
    const whole = trial({ workers: 1, problem: { type }, examples });
    const truth = whole.perform({ ...task, slot: 0 });
    for (const arrived of subsets(workers, workers - stragglers)) {
      const mean = estimate(plan.shares, slotMapOf(replies.entries()), arrived)!;
      for (const [j, value] of truth.values.entries())
        expect(Math.abs(mean.values[j]! * 48 - value)).toBeLessThan(1e-5 * 48);
      expect(Math.abs(mean.loss * 48 - truth.loss)).toBeLessThan(1e-9 * 48);
    }
  });

  test.each(["ridge", "logistic"])("and so of neighbours' parts: %s", (type) => {
    const cyclic = { ...encoding, arrangement: "cyclic" };
    const examples = signed(type);
    const { plan, shards, perform } = trial({
      workers,
      problem: { type },
      encoding: cyclic,
      examples,
    });
    const task = { operation: "gradient", weights: Float32Array.of(1, -1, 0.5) } as WorkerTask;
    const replies = slotMapOf(shards.map((_, slot) => perform({ ...task, slot })).entries());
    const whole = trial({ workers: 1, problem: { type }, examples });
    const truth = whole.perform({ ...task, slot: 0 });
    for (const arrived of subsets(workers, workers - stragglers)) {
      const mean = estimate(plan.shares, replies, arrived)!;
      // Replies and what rows count are in single precision, and weighed by up to 7.
      for (const [j, value] of truth.values.entries())
        expect(Math.abs(mean.values[j]! * 48 - value)).toBeLessThan(1e-5 * 48);
      expect(Math.abs(mean.loss * 48 - truth.loss)).toBeLessThan(1e-5 * 48);
    }
  });

  test("one more is too many exactly where it takes all copies of a part", () => {
    const code = encodings.create(encoding);
    const shares = storedCode(code, 97, workers).shares;
    for (const arrived of subsets(workers, workers - stragglers - 1)) {
      const heard = new Set(arrived.map((slot) => slot % parts)).size;
      expect(code.weights(arrived, shares, 97) !== null).toBe(heard === parts);
    }
    const refused = subsets(workers, workers - stragglers - 1).filter(
      (arrived) => code.weights(arrived, shares, 97) === null,
    );
    expect(refused).toHaveLength(parts);
  });

  test("approximately: the least-squares solution of B'a = 1", () => {
    const code = encodings.create({ ...encoding, ...{ approximate: true } });
    const shares = storedCode(code, 96, workers).shares;
    for (const count of [1, 2, 3, 5, 7])
      for (const arrived of subsets(workers, count)) {
        const weights = Float64Array.from(code.weights(arrived, shares, 96)!);
        expect(Math.abs(error(arrived, parts, weights) - leastError(arrived, parts))).toBeLessThan(
          1e-9,
        );
      }
  });

  test("and the mean share that is lost is C(m-s-1, k) / C(m, k)", () => {
    const code = encodings.create({ ...encoding, ...{ approximate: true } });
    const shares = storedCode(code, 96, workers).shares;
    for (const count of [1, 2, 3, 5, 7]) {
      const all = subsets(workers, count);
      let lost = 0;
      for (const arrived of all) {
        const weights = Float64Array.from(code.weights(arrived, shares, 96)!);
        lost += error(arrived, parts, weights) / parts / all.length;
      }
      const expected = subsets(workers - stragglers - 1, count).length / all.length;
      expect(Math.abs(lost - expected)).toBeLessThan(1e-12);
    }
  });
});

test("with 24 of 32 slots and two copies, .0565 of the parts are lost, within 3 sigma", () => {
  const code = encodings.create({ type: "gradient-code", ...{ approximate: true } });
  const shares = storedCode(code, 640, 32).shares;
  const losses = Array.from({ length: 2000 }, (_, draw) => {
    const order = randomFrom(draw).permutation(32).subarray(0, 24);
    const arrived = [...order].sort((a, b) => a - b);
    return error(arrived, 16, Float64Array.from(code.weights(arrived, shares, 640)!)) / 16;
  });
  const mean = losses.reduce((a, b) => a + b) / 2000;
  const sigma = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0)) / 2000;
  expect(Math.abs(mean - (8 * 7) / (32 * 31))).toBeLessThan(3 * sigma);
});

test("a round waits on beyond its quorum until every part is there, and is then exact", () => {
  const optimizer = { type: "gradient-descent", step: 0.1 };
  const setting = { workers, optimizer, encoding: { type: "gradient-code" } };
  const { plan, perform } = trial({ ...setting, wait: { fastest: 4 } });
  const strategy = rounds(plan);
  const early = quorumOf(strategy, strategy.start(), [4, 0, 1, 5, 6], perform);
  expect(early.round).toBe(0);
  const complete = quorumOf(strategy, early, [3], perform);
  expect(complete.round).toBe(1);
  const patient = trial({ ...setting, wait: "all" });
  const all = quorumOf(
    rounds(patient.plan),
    rounds(patient.plan).start(),
    [0, 1, 2, 3, 4, 5, 6, 7],
    patient.perform,
  );
  expect(complete.weights).toEqual(all.weights);
});

test("copies must divide the workers", () => {
  const code = encodings.create({ type: "gradient-code", ...{ stragglers: 2 } });
  expect(code.refusal(9)).toBeNull();
  expect(code.refusal(8)).toBe(
    "a gradient code for 2 stragglers keeps 3 copies of each part, which needs a number of " +
      "workers that 3 divides",
  );
});

/** |B'a - 1|^2 over the parts. */
function error(arrived: readonly number[], parts: number, weights: Float64Array): number {
  const sums = new Float64Array(parts);
  for (const [i, slot] of arrived.entries()) sums[slot % parts]! += weights[i]!;
  return sums.reduce((total, sum) => total + (sum - 1) ** 2, 0);
}

/** The least of them, by the normal equations with a little weight on a^2. */
function leastError(arrived: readonly number[], parts: number): number {
  const b = matrix(arrived.length, parts, (i, g) => Number(arrived[i]! % parts === g));
  const normal = matrix(arrived.length, arrived.length, (i, j) => {
    const same = row(b, i).reduce((sum, value, g) => sum + value * row(b, j)[g]!, 0);
    return same + (i === j ? 1e-12 : 0);
  });
  return error(arrived, parts, solve(normal, new Float64Array(arrived.length).fill(1)));
}

/** Forty-eight rows, with classes for a target where the problem wants them. */
function signed(type: string): Examples {
  const random: Random = randomFrom("rows");
  const { rows, targets } = linearExamples(48, 3, 0.5, random);
  if (type === "ridge") return { rows, targets };
  return { rows, targets: targets.map((target) => Number(target > 0)) };
}
