import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { atSlot, slotMapOf, slotNumbers } from "../../../src/core/slot-map.ts";
import { addTransposed, multiply } from "../../../src/math/products.ts";
import type { Examples } from "../../../src/math/rows.ts";
import type { CurvaturePair } from "../../../src/optimizers/optimizer.ts";
import type { RoundsState } from "../../../src/strategies/rounds/state.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import type { GradientTask } from "../../../src/tasks/gradient.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { gram, halfSquares, quorumOf } from "../../run/by-hand.ts";
import { trial } from "../../run/fixtures.ts";
import { hadamard, rows, spectrum, without, workers } from "./one-missing.ts";

const noPenalty = { type: "ridge", l2: 0 };

describe("encoded L-BFGS", () => {
  it("descends by at least (d'g)^2 / (2 kappa d'Hd) when its second quorum is another", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { least, largest } = spectrum(seed);
      const kappa = largest / least;
      const optimizer = { type: "l-bfgs", backOff: 1 / kappa };
      const setting = { workers, rows, columns: 6, seed, problem: noPenalty, encoding: hadamard };
      const made = trial({ ...setting, optimizer, wait: { fastest: 7 }, roundsMax: 100 });
      const strategy = rounds(made.plan);
      const random = randomFrom(`quorums/${seed}`);
      let state = strategy.start();
      for (let round = 0; round < 10; round++) {
        const missing = random.integer(workers);
        const other = (missing + 1 + random.integer(workers - 1)) % workers;
        const inA = without(missing).map((slot) => made.shards[slot]!);
        const inD = without(other).map((slot) => made.shards[slot]!);
        const scale = made.plan.shares.encoding.scale(workers) * (7 / 8) * rows;
        const aimed = quorumOf(strategy, state, without(missing), made.perform);
        const { direction, slope } = aimed.search!;
        const curvature = (2 * halfSquares(inD.map(withoutTargets), direction)) / scale;
        const before = halfSquares(inA, state.weights) / scale;
        state = quorumOf(strategy, aimed, without(other), made.perform);
        const descent = before - halfSquares(inA, state.weights) / scale;
        const promised = slope ** 2 / (2 * kappa * curvature);
        expect(descent).toBeGreaterThanOrEqual(promised * (1 - 1e-3) - 1e-7 * before);
      }
    }
  });

  it("learns its pairs from slots heard in both rounds alone", () => {
    const optimizer = { type: "l-bfgs", memory: 5 };
    const setting = {
      workers,
      rows,
      columns: 6,
      problem: noPenalty,
      encoding: hadamard,
      optimizer,
    };
    const made = trial({ ...setting, wait: { fastest: 6 }, roundsMax: 100 });
    const strategy = rounds(made.plan);
    const perform = (task: WorkerTask) => exact(made.shards[task.slot]!, task);
    const [first, second] = [
      [0, 1, 2, 3, 4, 5],
      [2, 3, 4, 5, 6, 7],
    ];
    const overlap = [2, 3, 4, 5];
    let state = quorumOf(strategy, strategy.start(), first!, perform);
    state = quorumOf(strategy, state, second!, perform);
    const poisoned: RoundsState = {
      ...state,
      previous: {
        ...state.previous!,
        gradients: slotMapOf(
          slotNumbers(state.previous!.gradients).map((slot) => {
            const reply = atSlot(state.previous!.gradients, slot)!;
            const values = reply.values.map(() => Number.NaN);
            return [slot, overlap.includes(slot) ? reply : { ...reply, loss: Number.NaN, values }];
          }),
        ),
      },
    };
    const aimed = quorumOf(strategy, state, second!, perform);
    expect(quorumOf(strategy, poisoned, second!, perform).memory).toEqual(aimed.memory);
    const { change, response } = pairsOf(aimed)[0]!;
    const { matrix } = gram(overlap.map((slot) => made.shards[slot]!));
    const scale = made.plan.shares.encoding.scale(workers) * (overlap.length / workers) * rows;
    let positive = 0;
    for (const [i, row] of matrix.entries()) {
      const expected = row.reduce((sum, value, j) => sum + (value / scale) * change[j]!, 0);
      expect(Math.abs(response[i]! - expected)).toBeLessThan(1e-10);
      positive += response[i]! * change[i]!;
    }
    expect(positive).toBeGreaterThan(0);
    // Where nobody was heard twice there is no pair, and training goes on.
    const few = trial({ ...setting, wait: { fastest: 4 }, roundsMax: 100 });
    const apart = rounds(few.plan);
    let alone = quorumOf(apart, apart.start(), [0, 1, 2, 3], few.perform);
    alone = quorumOf(apart, alone, [0, 1, 2, 3], few.perform);
    alone = quorumOf(apart, alone, [4, 5, 6, 7], few.perform);
    expect(pairsOf(alone)).toEqual([]);
    expect(alone.search).not.toBeNull();
  });
});

function pairsOf({ memory }: RoundsState): readonly CurvaturePair[] {
  return (memory as { readonly pairs: readonly CurvaturePair[] }).pairs;
}

function withoutTargets({ rows: own, targets }: Examples): Examples {
  return { rows: own, targets: new Float32Array(targets.length) };
}

/** A worker that replies in double precision, to see formulas rather than rounding. */
function exact({ rows: own, targets }: Examples, task: WorkerTask): WorkerReply {
  if (task.operation === "along") {
    const along = multiply(own, task.direction, new Float64Array(own.rows));
    const square = along.reduce((sum, value) => sum + value * value, 0);
    return { loss: 0, values: Float64Array.of(square), computeMs: 0 };
  }
  const { weights } = task as GradientTask;
  const residuals = multiply(own, weights, new Float64Array(own.rows));
  for (let i = 0; i < residuals.length; i++) residuals[i]! -= targets[i]!;
  const values = addTransposed(own, residuals, new Float64Array(own.columns));
  return { loss: 0, values, computeMs: 0 };
}
