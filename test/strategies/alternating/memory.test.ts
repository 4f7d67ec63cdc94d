import { describe, expect, it } from "vitest";
import { atSlot, slotMapOf, slotNumbers } from "../../../src/core/slot-map.ts";
import type { AlternatingState } from "../../../src/strategies/alternating/state.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import type { RoundTask } from "../../../src/tasks/task-kind.ts";
import { virtualRun } from "../../run/virtual-run.ts";
import { type RatingsScene, ratingsScene } from "./scene.ts";

const setting = {
  strategy: { type: "alternating", epochs: 1, iterations: 4, exactBelow: 0 },
  wait: { fastest: 4 },
  encoding: "hadamard",
};

type Weighted = Extract<WorkerTask, RoundTask>;

describe("pairs are of slots that were heard in both rounds", () => {
  it("what others said before is not looked at", async () => {
    const scene = await ratingsScene(setting);
    const { saved } = await virtualRun(scene.strategy, scene);
    const from = saved[2]!;
    expect(slotNumbers(from.state.previous!.gradients)).toEqual([0, 1, 2, 3]);
    const without = [0, 1];
    const plain = await onwards(scene, from, without);
    const poisoned = await onwards(scene, withNonsense(from, without), without);
    expect(poisoned).toEqual(plain);
    // A negative control: the same nonsense from a slot that is heard again does harm.
    const other = await onwards(scene, withNonsense(from, [3]), without);
    expect(other).not.toEqual(plain);
  });
});

describe("a worker that kept its rows", () => {
  it("answers as one that comes new to the task", async () => {
    const scene = await ratingsScene(setting);
    const tasks: Weighted[] = [];
    await virtualRun(scene.strategy, {
      perform(task) {
        if (task.slot === 2) tasks.push(task as Weighted);
        return scene.perform(task);
      },
    });
    const factors = tasks.map((task) => ({ ...task, weights: task.weights.map((w) => w / 2) }));
    const warm = await ratingsScene(setting);
    for (const task of [...tasks, ...factors, ...tasks.toReversed()]) {
      const cold = await ratingsScene(setting);
      const [a, b] = [await warm.perform(task), await cold.perform(task)];
      expect(a.values).toEqual(b.values);
    }
  });
});

interface Saved {
  readonly state: AlternatingState;
  readonly elapsedMs: number;
}

/** The weights at the end, with some slots dead from here on. */
async function onwards(scene: RatingsScene, from: Saved, dead: readonly number[]) {
  const end = await virtualRun(scene.strategy, {
    from,
    async perform(task) {
      if (dead.includes(task.slot)) throw new Error("dead");
      return scene.perform(task);
    },
  });
  return end.state.weights;
}

function withNonsense({ state, elapsedMs }: Saved, slots: readonly number[]): Saved {
  const { gradients } = state.previous!;
  const spoilt = slotMapOf(
    slotNumbers(gradients).map((slot) => {
      const reply = atSlot(gradients, slot)!;
      const values = slots.includes(slot) ? reply.values.map(() => 1e6) : reply.values;
      return [slot, { ...reply, values }] as const;
    }),
  );
  return { state: { ...state, previous: { ...state.previous!, gradients: spoilt } }, elapsedMs };
}
