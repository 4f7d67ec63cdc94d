import { describe, expect, it } from "vitest";
import { norm } from "../../../src/math/vector.ts";
import type { Compute } from "../../../src/ports/compute.ts";
import { problems } from "../../../src/problems/registry.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { localSteps } from "../../../src/strategies/local-steps/strategy.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import type { WorkerState } from "../../../src/tasks/worker-state.ts";
import { fromPacket } from "../../../src/wire/packet.ts";
import { virtualRun } from "../../run/virtual-run.ts";
import { localPlan, type PlanOptions, regressionShards, workersOf } from "./scene.ts";

const columns = 6;
const l2 = 0.01;
const problem = problems.create({ type: "ridge", l2 } as never);
const shards = regressionShards(6, 120, columns);
const base: PlanOptions = {
  steps: 3,
  batch: 4,
  rate: 0.05,
  compression: { type: "top-k", k: 2 },
  roundsMax: 12,
};
const planOf = (options: PlanOptions = {}) =>
  localPlan(problem, shards, columns, { ...base, ...options });

describe("memory", () => {
  it("stays within 2 sqrt(1 - gamma^2) / gamma times eta H G", async () => {
    const { store, perform } = workersOf(problem, shards);
    const plan = planOf({ roundsMax: 60, compression: { type: "top-k", k: 1 } });
    let steepest = 0;
    const watched = {
      ...problem,
      lossAndGradient: (...given: Parameters<typeof problem.lossAndGradient>) => {
        const loss = problem.lossAndGradient(...given);
        const [{ targets }, weights, gradient] = given;
        const penalized = gradient.map((g, j) => g / targets.length + l2 * weights[j]!);
        steepest = Math.max(steepest, norm(penalized));
        return loss;
      },
    };
    const seen = workersOf(watched, shards, { store });
    await virtualRun(localSteps(plan), { perform: seen.perform });
    expect(perform).toBeDefined();
    const gamma = 1 / columns;
    const bound = ((2 * Math.sqrt(1 - gamma ** 2)) / gamma) * 0.05 * 3 * steepest;
    let largest = 0;
    for (const key of await store.list("")) {
      const { left } = fromPacket<WorkerState>((await store.read(key))!);
      largest = Math.max(largest, norm(left!));
    }
    expect(largest).toBeLessThan(bound);
    // The sharper bound of the same reference holds as well, and the memory is not nothing.
    const rest = Math.sqrt(1 - gamma);
    expect(largest).toBeLessThan((0.05 * 3 * steepest * rest) / (1 - rest));
    expect(largest).toBeGreaterThan(0.05 * steepest * 0.1);
  });

  it("that is gone is told, counted, and begins anew", async () => {
    const store = memoryStore();
    const { perform } = workersOf(problem, shards, { store, isCold: true });
    const forgetful = async (task: WorkerTask) => {
      if (task.slot === 2 && task.round === 5)
        for (const key of await store.list("runs/trial/memory/2/")) await store.remove(key);
      return perform(task);
    };
    const end = await virtualRun(localSteps(planOf()), { perform: forgetful });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.forgotten).toBe(1);
    const warnings = end.events.filter((event) => event.type === "warning");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({
      message: expect.stringContaining("slot 2: its memory of turn 4 was gone"),
    });
    const sound = await virtualRun(localSteps(planOf()), workersOf(problem, shards));
    expect(sound.state.forgotten).toBe(0);
    expect(end.state.weights).not.toEqual(sound.state.weights);
  });

  it("of a reply that was dropped leaves no trace", async () => {
    // Slot 1's turn 3 is given up: nobody works on it, or its reply comes when nobody waits for it.
    const run = (lateMs: number | null) => {
      const { perform } = workersOf(problem, shards, { isCold: true });
      const plan = planOf({ wait: { fastest: 5 }, stalenessMax: 2 });
      return virtualRun(localSteps(plan), {
        perform,
        around: (compute: Compute<WorkerTask, WorkerReply>, clock) => ({
          close: () => compute.close(),
          start(task, deliver) {
            if (task.slot !== 1 || task.round !== 3) return compute.start(task, deliver);
            if (lateMs === null) return;
            compute.start(task, (outcome, usage) =>
              clock.schedule(clock.nowMs() + lateMs, () => deliver(outcome, usage)),
            );
          },
        }),
      });
    };
    const never = await run(null);
    const late = await run(55);
    const fates = late.events.flatMap((event) => (event.type === "arrival" ? [event.fate] : []));
    expect(fates).toContain("late");
    expect([never.state.forgotten, late.state.forgotten]).toEqual([0, 0]);
    expect(late.state.weights).toEqual(never.state.weights);
  });
});
