import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { inFlight, TaskBatch } from "../../src/engine/in-flight.ts";

interface Named {
  readonly id: string;
  readonly slot: number;
}

/** What is awaited, by name: slow, and plainly right. */
type Model = Map<string, { flight: TaskBatch<Named>; index: number; wantedAt: number }>;

const slots = 4;

function named(random: ReturnType<typeof randomFrom>): Named {
  const slot = random.integer(slots);
  return { id: `slot-${slot}/${random.integer(3)}`, slot };
}

describe("tasks in flight", () => {
  it.each([1, 2, 3, 4])("are those that a map by name holds (seed %i)", (seed) => {
    const random = randomFrom(`in-flight/${seed}`);
    const tasks = inFlight<Named>();
    const model: Model = new Map();
    for (let reconciliation = 1; reconciliation <= 200; reconciliation++) {
      const wanted = new Map(Array.from({ length: 5 }, () => named(random)).map((a) => [a.id, a]));
      const missing: Named[] = [];
      for (const task of wanted.values()) {
        const isThere = tasks.renew(task, reconciliation);
        const known = model.get(task.id);
        expect(isThere).toBe(known !== undefined);
        if (known === undefined) missing.push(task);
        else known.wantedAt = reconciliation;
      }
      if (random.uniform() < 0.5) {
        tasks.forgetAllBut(reconciliation);
        for (const [id, { wantedAt }] of model) if (wantedAt !== reconciliation) model.delete(id);
      }
      const flight = new TaskBatch(missing, 0, reconciliation);
      tasks.add(flight);
      for (const [index, { id }] of missing.entries())
        model.set(id, { flight, index, wantedAt: reconciliation });
      for (const [id, { flight: one, index }] of model) {
        expect(one.isAwaited(index)).toBe(true);
        if (random.uniform() > 0.3) continue;
        tasks.forget(one, index);
        one.complete(index);
        model.delete(id);
        // A second time changes nothing.
        tasks.forget(one, index);
        expect([one.isAwaited(index), one.isDone(index)]).toEqual([false, true]);
      }
      expect(tasks.size).toBe(model.size);
    }
  });
});
