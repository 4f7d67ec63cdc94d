import { describe, expect, it } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import type { Encoding } from "../../../src/encoding/encoding.ts";
import { encodings } from "../../../src/encoding/registry.ts";
import type { RoundsState } from "../../../src/strategies/rounds/state.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { quorumOf } from "../../run/by-hand.ts";
import { trial } from "../../run/fixtures.ts";

const workers = 8;
const all = [...Array(workers).keys()];
const hadamard = { type: "hadamard", redundancy: 2 };

describe("what must not matter", () => {
  const setting = { workers, rows: 100, columns: 5, problem: { type: "ridge", l2: 0.01 } };
  const optimizers = [{ type: "l-bfgs" }, { type: "gradient-descent", step: 0.05 }];

  it.each(optimizers)("the scale of the code, with %o", (optimizer) => {
    const code = encodings.create(encodings.resolve(hadamard, "encoding"));
    const run = (encoding: Encoding) => {
      const made = trial({ ...setting, optimizer, encoding, wait: { fastest: 6 }, roundsMax: 8 });
      return sixRandomSlots(rounds(made.plan), made.perform);
    };
    expect(run(doubled(code)).weights).toEqual(run(code).weights);
  });

  it.each(optimizers)("which worker is called which, with %o", (optimizer) => {
    const made = trial({
      ...setting,
      optimizer,
      encoding: hadamard,
      wait: { fastest: 6 },
      roundsMax: 8,
    });
    const order = randomFrom("names").permutation(workers);
    const renamed = {
      ...made.plan,
      shares: {
        ...made.plan.shares,
        storedRows: all.map((slot) => made.plan.shares.storedRows[order[slot]!]!),
      },
    };
    const perform = (task: WorkerTask) => made.perform({ ...task, slot: order[task.slot]! });
    const direct = sixRandomSlots(rounds(made.plan), made.perform);
    const called = sixRandomSlots(rounds(renamed), perform, (slot) => order.indexOf(slot));
    for (const [j, weight] of direct.weights.entries())
      expect(Math.abs(weight - called.weights[j]!)).toBeLessThan(1e-5);
  });
});

/** Eight rounds, every quorum of six slots drawn at random. */
function sixRandomSlots(
  strategy: ReturnType<typeof rounds>,
  perform: (task: WorkerTask) => WorkerReply,
  name: (slot: number) => number = (slot) => slot,
): RoundsState {
  const random = randomFrom("six");
  let state = strategy.start();
  while (strategy.wanted(state).length > 0) {
    const slots = [...random.permutation(workers)].slice(0, 6).map(name);
    state = quorumOf(strategy, state, slots, perform);
  }
  return state;
}

/** The same code with S twice as large. */
function doubled(code: Encoding): Encoding {
  return {
    ...code,
    scale: (count) => 4 * code.scale(count),
    chunk(...place) {
      const chunk = code.chunk(...place);
      if (chunk.kind === "copies") throw new Error("a mixing code was expected");
      return {
        ...chunk,
        encode(values, columns, out) {
          chunk.encode(values, columns, out);
          for (let i = 0; i < out.length; i++) out[i]! *= 2;
        },
      };
    },
    weights: (arrived, storedRows, count) =>
      code.weights(arrived, storedRows, count)?.map((weight) => weight / 4) ?? null,
  };
}
