import { describe, expect, it } from "vitest";
import { problems } from "../../src/problems/registry.ts";
import { type LocalStepsTask, localStepsTask } from "../../src/tasks/local-steps.ts";
import { columns, shardsOf, slots } from "./small-shards.ts";

describe("local steps of many slots in one room", () => {
  const all = { columns, intercept: true };
  const stepsOf = (more: Partial<LocalStepsTask> = {}) =>
    Array.from({ length: slots }, (_, slot): LocalStepsTask => {
      const [id, round, batch, seed, momentum] = [`slot-${slot}`, 3, 2, 11, 0];
      const weights = Float32Array.from({ length: columns }, (_, j) => j / 3 - 1);
      const rates = Float64Array.of(0.1, 0.05, 0.02);
      const how = { compression: { type: "none" }, feedback: "none", memory: null } as const;
      const about = { id, slot, round, weights, rates, batch, seed, momentum, shape: all };
      return { operation: "local-steps", ...about, ...how, ...more };
    });
  const nothing = { memory: { left: null, velocity: null }, isLost: false };

  it.each([
    ["ridge", false, {}],
    ["logistic", true, { batch: 1 }],
    ["ridge", false, { batch: 0 }],
    ["ridge", false, { compression: { type: "random-k", k: 2 } }],
    ["ridge", false, { compression: { type: "qsgd" }, batch: 5 }],
  ] as const)("%s, %s, %o: each reply is the one by itself", (type, classes, more) => {
    const problem = problems.create({ type });
    const shards = shardsOf(classes).slice(1);
    const batch = localStepsTask.batch!(problem, shards.slice(0, 5))!;
    expect(batch.add!(shards.slice(5))).toBe(true);
    const tasks = stepsOf(more);
    const answer = batch.answer(tasks[0]!)!;
    const replies = shards.map((_, place) => answer(place, tasks[place]!)!);
    for (const [place, examples] of shards.entries()) {
      const { memory, ...alone } = localStepsTask.compute(
        problem,
        { examples, ...nothing },
        tasks[place]!,
      );
      expect(memory).toEqual(nothing.memory);
      expect(replies[place]).toEqual({ ...alone, computeMs: 0 });
    }
  });

  it("is not for what remembers, nor for problems that draw or look beyond a row", () => {
    const ridge = problems.create({ type: "ridge" });
    const answered = (more: Partial<LocalStepsTask>) => {
      const [first] = stepsOf();
      const answer = localStepsTask.batch!(ridge, shardsOf(false))!.answer(first!)!;
      return answer(3, { ...first!, ...more });
    };
    expect(answered({})).not.toBeNull();
    expect(answered({ feedback: "error-feedback" })).toBeNull();
    expect(answered({ momentum: 0.5 })).toBeNull();
    expect(answered({ memory: 2 })).toBeNull();
    const network = { ...ridge };
    delete (network as { batchedSums?: unknown }).batchedSums;
    expect(localStepsTask.batch!(network, shardsOf(false))).toBeNull();
  });
});
