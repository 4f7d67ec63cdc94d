import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { atSlot, slotMapOf, slotsOf } from "../../src/core/slot-map.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { addTransposed, multiply } from "../../src/math/products.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { CurvaturePair } from "../../src/optimizers/optimizer.ts";
import type { WorkerReply, WorkerTask } from "../../src/run/messages.ts";
import { rounds } from "../../src/run/strategies/rounds.ts";
import type { RoundsState } from "../../src/run/strategies/rounds-state.ts";
import { extremes, gram, halfSquares, quorumOf, solve } from "./by-hand.ts";
import { encoded, trial } from "./fixtures.ts";

const workers = 8;
const rows = 32;
const all = [...Array(workers).keys()];
const without = (missing: number) => all.filter((slot) => slot !== missing);
const hadamard = { type: "hadamard", redundancy: 2 };
const noPenalty = { type: "ridge", l2: 0 };

/** The spectrum of S_A'S_A, scaled to a mean of one, over all A with one slot missing. */
function spectrum(seed: number): { least: number; largest: number } {
  const values = Float32Array.from({ length: rows * rows }, (_, at) =>
    Number(at % (rows + 1) === 0),
  );
  const identity: Examples = {
    rows: { kind: "dense", rows, columns: rows, values },
    targets: new Float32Array(rows),
  };
  const code = encodings.create(encodings.resolve(hadamard, "encoding"));
  const shards = encoded(identity, code, workers, randomFrom(seed).fork("encode"));
  const scale = code.scale(workers) * (7 / 8);
  const found = all.map((missing) => {
    const { matrix } = gram(without(missing).map((slot) => shards[slot]!));
    return extremes(matrix.map((row) => row.map((value) => value / scale)));
  });
  return {
    least: Math.min(...found.map(({ least }) => least)),
    largest: Math.max(...found.map(({ largest }) => largest)),
  };
}

describe("encoded gradient descent against an adversary who picks the slot that is missing", () => {
  const seed = 3;
  const count = 500;
  const { least, largest } = spectrum(seed);
  const kappa = largest / least;

  it("has the spectrum of a tight frame: at most 1/share, and not singular", () => {
    expect(largest).toBeCloseTo(8 / 7, 5);
    expect(least).toBeGreaterThan(0.05);
    expect(kappa).toBeLessThan(20);
  });

  it("keeps the ergodic bound and never rises above kappa times where it was", () => {
    const base = trial({ workers, rows, columns: 6, seed, problem: noPenalty, encoding: hadamard });
    const { matrix, side } = gram([base.examples]);
    const objective = (w: ArrayLike<number>) => halfSquares([base.examples], w) / rows;
    const smoothness = extremes(matrix.map((row) => row.map((value) => value / rows))).largest;
    const best = solve(matrix, side);
    const step = 1 / (smoothness * largest);
    const optimizer = { type: "gradient-descent", step };
    const setting = { workers, rows, columns: 6, seed, problem: noPenalty, encoding: hadamard };
    const { plan, perform } = trial({
      ...setting,
      optimizer,
      wait: { fastest: 7 },
      roundsMax: count,
    });
    const strategy = rounds(plan);
    let state = strategy.start();
    const mean = new Float64Array(6);
    for (let t = 1; t <= count; t++) {
      const choices = all.map((missing) => quorumOf(strategy, state, without(missing), perform));
      const values = choices.map(({ weights }) => objective(weights));
      const worst = values.indexOf(Math.max(...values));
      expect(values[worst]!).toBeLessThanOrEqual(kappa * objective(state.weights) * (1 + 1e-6));
      state = choices[worst]!;
      for (let j = 0; j < 6; j++) mean[j]! += state.weights[j]! / count;
    }
    const distance = best.reduce((sum, value) => sum + value * value, 0);
    const bound = kappa * objective(best) + distance / (2 * step * least * count);
    expect(objective(mean)).toBeLessThanOrEqual(bound);
    // The adversary does harm: what is reached is not the optimum.
    expect(objective(mean) / objective(best)).toBeGreaterThan(1.0005);
  });
});

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
          slotsOf(state.previous!.gradients).map((slot) => {
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
  const residuals = multiply(own, task.weights, new Float64Array(own.rows));
  for (let i = 0; i < residuals.length; i++) residuals[i]! -= targets[i]!;
  const values = addTransposed(own, residuals, new Float64Array(own.columns));
  return { loss: 0, values, computeMs: 0 };
}
