import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { TaskPrices } from "../../src/journal/task-costs.ts";
import { noUsage } from "../../src/ports/compute.ts";
import type { ArrivalEvent } from "../../src/ports/events.ts";
import { Spending } from "../../src/run/spending.ts";

interface Task {
  readonly id: string;
  readonly slot: number;
  readonly operation: string;
  readonly limitMs?: number;
}

/** A dollar a second, and half a one for the start. */
const prices: TaskPrices<Task> = {
  expectedUsd: (_, isCold) => (isCold ? 0.7 : 0.2),
  limitMs: () => 1_000,
  limitMsMax: 20_000,
  boundUsd: (_, limitMs) => limitMs / 1_000 + 0.5,
};

const task = (slot: number, round = 0): Task => ({
  id: `round-${round}/slot-${slot}`,
  slot,
  operation: "gradient",
});

function reply(of: Task, billedMs: number, more: Partial<ArrivalEvent> = {}): ArrivalEvent {
  const usage = { ...noUsage, billedMs, costUsd: billedMs / 1_000 };
  const { id, slot } = of;
  return {
    type: "arrival",
    atMs: 0,
    task: id,
    slot,
    startedMs: 0,
    fate: "counted",
    usage,
    ...more,
  };
}

test("no wave starts whose bounds do not fit with all that is in flight; unused comes back", () => {
  const spending = new Spending<Task>(4, prices);
  expect(spending.reserve([task(0), task(1)], 0)).toMatchObject({ isOver: false, boundUsd: 3 });
  expect(spending.reserve([task(2)], 0)).toMatchObject({ isOver: true, boundUsd: 1.5 });
  expect(spending.committedUsd(0)).toBe(3);
  spending.settle(reply(task(0), 100));
  expect(spending.committedUsd(0.1)).toBeCloseTo(1.6, 12);
  expect(spending.reserve([task(2)], 0.1).isOver).toBe(false);
});

test("a task that ran into its limit gets four times as long, and less once that is plenty", () => {
  const spending = new Spending<Task>(1_000, prices);
  const limits: (number | undefined)[] = [];
  const once = (billedMs: number, reason?: string) => {
    spending.reserve([task(0)], 0);
    limits.push(spending.limited(task(0)).limitMs);
    spending.settle(reply(task(0), billedMs, reason === undefined ? {} : { fate: "lost", reason }));
  };
  once(1_000, "timed out");
  once(4_010, "timed out");
  once(16_000, "timed out");
  once(9_000);
  once(300);
  once(300);
  once(300);
  once(300, "its environment crashed");
  expect(limits).toEqual([1_000, 4_000, 16_000, 20_000, 20_000, 16_000, 4_000, 1_000]);
  // Of another slot nothing was learned.
  spending.reserve([task(1)], 0);
  expect(spending.limited(task(1)).limitMs).toBe(1_000);
});

test("a bill that nobody knows, and requests to the store, are spent", () => {
  const spending = new Spending<Task>(10, prices);
  spending.reserve([task(0), task(1)], 0);
  const lost = { fate: "lost", reason: "the connection broke" } as const;
  spending.settle({ ...reply(task(0), 0, lost), usage: { ...noUsage, mayHaveRun: true } });
  expect(spending.spentUsd(0)).toBe(1.5);
  spending.settle({ ...reply(task(1), 0, lost), usage: { ...noUsage, storeWrites: 200_000 } });
  expect(spending.spentUsd(0)).toBeCloseTo(2.5, 9);
  expect(spending.committedUsd(0)).toBeCloseTo(2.5, 9);
});

test("whatever comes back in whatever order, twice, late or never, the sum stays below", () => {
  const random = randomFrom("orders");
  for (let world = 0; world < 200; world++) {
    const draw = random.fork(`world-${world}`);
    const dollars = 5 + 20 * draw.uniform();
    const spending = new Spending<Task>(dollars, prices);
    const open: Task[] = [];
    let meteredUsd = 0;
    // What is billed in truth, also of replies that never come.
    let billedUsd = 0;
    for (let step = 0; step < 60; step++) {
      const next = task(Math.floor(3 * draw.uniform()), Math.floor(3 * draw.uniform()));
      if (draw.uniform() < 0.6 && !spending.reserve([next], meteredUsd).isOver) {
        const { limitMs } = spending.limited(next);
        open.push({ ...next, limitMs: limitMs! });
      }
      if (open.length === 0 || draw.uniform() < 0.5) continue;
      const [one] = open.splice(Math.floor(open.length * draw.uniform()), 1);
      const isLate = draw.uniform() < 0.3;
      const billedMs = one!.limitMs! * (isLate ? 1 : draw.uniform());
      billedUsd += billedMs / 1_000;
      if (draw.uniform() < 0.2) {
        const usage = { ...noUsage, mayHaveRun: true } as const;
        spending.settle({ ...reply(one!, 0, { fate: "lost", reason: "broke" }), usage });
        continue;
      }
      meteredUsd += billedMs / 1_000;
      spending.settle(reply(one!, billedMs, isLate ? { fate: "lost", reason: "timed out" } : {}));
    }
    for (const { limitMs } of open) billedUsd += limitMs! / 1_000;
    expect(billedUsd).toBeLessThanOrEqual(dollars);
    expect(spending.committedUsd(meteredUsd)).toBeLessThanOrEqual(dollars + 1e-9);
  }
});
