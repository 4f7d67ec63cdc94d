import { describe, expect, it } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import type { Wait } from "../../../src/quorum/wait-policies/wait.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { ratingsScene } from "./scene.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };

/** Users have about 12 training ratings, items 19: all by rounds, some of each, all exactly. */
const strategies = [0, 13, 500].map((exactBelow) => ({
  type: "alternating",
  epochs: 2,
  iterations: 3,
  exactBelow,
}));
const waits: Wait[] = ["all", { fastest: 3 }, { deadline: 40, atLeast: 2 }];
const encodings = ["uncoded", "replication", "hadamard", { type: "gradient-code" }];
const settings = strategies.flatMap((strategy, i) =>
  waits.flatMap((wait) =>
    // Codes matter where rounds do the work.
    (i === 0 ? encodings : encodings.slice(2, 3)).map((encoding) => ({ strategy, wait, encoding })),
  ),
);

describe("alternating keeps the laws in stormy weather", () => {
  it.each(settings)("%j", async (setting) => {
    const { strategy, perform } = await ratingsScene(setting);
    const fateOf = fatesOf(stormy, JSON.stringify(setting));
    const end = await virtualRun(lawful(strategy), {
      perform,
      fateOf,
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    const half = setting.strategy.exactBelow;
    const rounds = { 0: 12, 13: 16, 500: 4 }[half];
    expect(end.state.round).toBe(rounds);
    const from = end.saved[2]!;
    const rest = await virtualRun(lawful(strategy), { perform, fateOf, from });
    expect(rest.state.round).toBe(rounds);
    expect(await replay(strategy, end.events, perform)).toEqual(end.state);
  });
});

describe("what does not count leaves no trace", () => {
  const setting = {
    wait: { fastest: 4 },
    strategy: { type: "alternating", epochs: 2, iterations: 3, exactBelow: 13 },
  };

  it("late replies may hold anything", async () => {
    const { strategy, perform } = await ratingsScene(setting);
    const fateOf = fatesOf({ model: "late", probability: 0.3, delayMs: 2000 });
    const run = { fateOf, environmentsPerSlot: 100 };
    const end = await virtualRun(strategy, { perform, ...run });
    const counted = new Set(
      end.events.flatMap((one) =>
        one.type === "arrival" && one.fate === "counted" ? one.task : [],
      ),
    );
    const poisoned = await virtualRun(strategy, {
      ...run,
      async perform(task) {
        const reply = await perform(task);
        return counted.has(task.id) ? reply : { ...reply, values: reply.values.map(() => 1e30) };
      },
    });
    expect(counted.size).toBeLessThan(end.events.filter((one) => one.type === "arrival").length);
    expect(poisoned.state.weights).toEqual(end.state.weights);
  });

  it("a reply of the wrong length, or of no numbers, is as good as lost", async () => {
    const { strategy, perform } = await ratingsScene(setting);
    for (const spoil of [
      (values: Float32Array) => values.slice(1),
      (values: Float32Array) => values.map(() => Number.NaN),
    ]) {
      const end = await virtualRun(strategy, {
        async perform(task) {
          const reply = await perform(task);
          if (task.slot !== 2 || /try/.test(task.id)) return reply;
          return { ...reply, values: spoil(Float32Array.from(reply.values)) };
        },
      });
      expect(end.stop).toEqual({ kind: "done" });
      expect(end.state.weights.every(Number.isFinite)).toBe(true);
      const lost = end.events.filter((one) => one.type === "arrival" && one.fate === "lost");
      expect(lost.length).toBeGreaterThan(0);
    }
  });

  it("one dead slot does not hold up what k of n are asked for", async () => {
    const { strategy, perform } = await ratingsScene(setting);
    const end = await virtualRun(strategy, {
      async perform(task) {
        if (task.slot === 1) throw new Error("dead");
        return perform(task);
      },
    });
    expect(end.stop).toEqual({ kind: "done" });
  });
});
