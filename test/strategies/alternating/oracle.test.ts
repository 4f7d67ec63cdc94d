import { describe, expect, it } from "vitest";
import type { AlternatingState } from "../../../src/strategies/alternating/state.ts";
import { virtualRun } from "../../run/virtual-run.ts";
import { type Members, plainAls } from "./by-hand.ts";
import { type RatingsScene, ratingsOf, ratingsScene, rmse } from "./scene.ts";

const epochs = 3;
const exactly = { type: "alternating", epochs, exactBelow: 500 };
const byRounds = { type: "alternating", epochs, exactBelow: 0, iterations: 15 };

describe("against plain alternating least squares by normal equations", () => {
  it("exact solutions are its own, to single precision, whichever slots reply", async () => {
    const scene = await ratingsScene({ strategy: exactly, wait: { fastest: 2 } });
    for (const dead of [[], [0, 1, 2, 3], [0, 2, 3, 5]]) {
      const state = await trained(scene, dead);
      expect(state.round).toBe(2 * epochs);
      expect(apart(state.weights, byHand(scene))).toBeLessThan(1e-5);
    }
  });

  it("rounds with all slots come to the same, also where rows were mixed", async () => {
    const settings = { strategy: byRounds, wait: "all", stop: { rounds: 1000, tolerance: 0 } };
    for (const encoding of ["uncoded", "replication", "hadamard", "paley", "gradient-code"]) {
      const scene = await ratingsScene({ ...settings, encoding });
      const state = await trained(scene);
      expect(apart(state.weights, byHand(scene)), encoding).toBeLessThan(2e-3);
      const { problem, test } = scene;
      const difference = rmse(problem, test, state.weights) - rmse(problem, test, byHand(scene));
      expect(Math.abs(difference)).toBeLessThan(0.005);
    }
    // A negative control: a code that is not tight ends elsewhere, even with every slot.
    const loose = await ratingsScene({ ...settings, encoding: "gaussian" });
    expect(apart((await trained(loose)).weights, byHand(loose))).toBeGreaterThan(0.05);
  });

  it("some exactly and some by rounds come to the same as well", async () => {
    const strategy = { ...byRounds, exactBelow: 13 };
    const stop = { rounds: 1000, tolerance: 0 };
    const scene = await ratingsScene({ strategy, wait: "all", encoding: "hadamard", stop });
    expect(apart((await trained(scene)).weights, byHand(scene))).toBeLessThan(2e-3);
  });

  it("stops by itself where neither side has anywhere to go", async () => {
    const strategy = { ...exactly, epochs: 1000 };
    const stop = { rounds: 10_000, tolerance: 1e-3 };
    const scene = await ratingsScene({ strategy, stop });
    const { round, finished } = await trained(scene);
    expect(finished).toBe(true);
    expect(round).toBeGreaterThan(6);
    expect(round).toBeLessThan(1000);
  });
});

async function trained(
  { strategy, perform }: RatingsScene,
  dead: readonly number[] = [],
): Promise<AlternatingState> {
  const end = await virtualRun(strategy, {
    async perform(task) {
      if (dead.includes(task.slot)) throw new Error("dead");
      return perform(task);
    },
  });
  expect(end.stop).toEqual({ kind: "done" });
  return end.state;
}

/** What plain least squares make of the scene's first weights, laid out as weights are. */
function byHand({ staged, strategy, train, problem }: RatingsScene): Float32Array {
  const { columns, rows } = staged.prepared;
  const { users, items } = staged.encoded.ratings!;
  const start = strategy.start().weights;
  const unknowns = start.length / columns;
  const member = (column: number) =>
    Array.from({ length: unknowns }, (_, f) => start[((f + 1) % unknowns) * columns + column]!);
  const side = (first: number, count: number): Members =>
    Array.from({ length: count }, (_, i) => member(first + i));
  const base = start[columns - 1]!;
  const end = plainAls(
    ratingsOf(train, users.length),
    { base, lambda: problem.l2 * rows, epochs },
    { users: side(0, users.length), items: side(users.length, items.length) },
  );
  const weights = start.slice();
  for (const [i, z] of [...end.users, ...end.items].entries())
    for (const [f, value] of z.entries()) weights[((f + 1) % unknowns) * columns + i] = value;
  return weights;
}

/** The largest difference, relative to the largest weight. */
function apart(a: Float32Array, b: Float32Array): number {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / largest;
}
