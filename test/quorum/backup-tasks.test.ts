import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { retryAfterMs } from "../../src/engine/backoff.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import { waitSchema } from "../../src/quorum/wait-policies/wait.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import type { WorkerTask } from "../../src/tasks/protocol.ts";
import { type FaultDecision, noFault } from "../../src/weather/fault-decision.ts";
import { type Setting, trial } from "../run/fixtures.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";

const speculate = (options: object = {}) =>
  parseOptions(waitSchema, { speculate: { minimum: 1, ...options } }, "wait");
const base: Setting = {
  workers: 8,
  optimizer: { type: "gradient-descent", step: 0.05 },
  roundsMax: 1,
};
/** Slot i's own task takes 10 ms more than `delays[i]`; copies and later tries take 10 ms. */
const first =
  (...delayMs: number[]) =>
  ({ id, slot }: WorkerTask): FaultDecision => ({
    ...noFault,
    delayMs: /copy|try/.test(id) ? 0 : delayMs[slot]!,
  });
const arrivals = (events: readonly RunEvent[], slot: number) =>
  events.filter((event) => event.type === "arrival" && event.slot === slot);

describe("copies of slow tasks", () => {
  it("start once 75 % are done and a task runs for 1.5 medians; the first counts", async () => {
    const { plan, perform } = trial({ ...base, wait: speculate(), roundsMax: 60 });
    // In round 0 replies come after 10, 20, 20, 20, 30, 30 ms: the median is 20 ms.
    const late = first(0, 10, 10, 10, 20, 20, 500, 16);
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: (task) => (task.id.startsWith("round-0") ? late(task) : noFault),
    });
    const [copy, own] = arrivals(end.events, 6);
    expect(copy).toMatchObject({
      task: "round-0/gradient/slot-6/copy-1",
      startedMs: 30,
      atMs: 40,
      fate: "counted",
    });
    // Slot 7 was at 26 ms already, before anyone was copied.
    expect(arrivals(end.events, 7)[0]).toMatchObject({ atMs: 26, fate: "counted" });
    expect(end.events.find((event) => event.type === "round")).toMatchObject({ atMs: 40 });
    // The task itself ends much later, is told and paid for, and changes nothing.
    expect(own).toMatchObject({ atMs: expect.any(Number), startedMs: 40 });
    const late6 = end.events.find(
      (event) => event.type === "arrival" && event.task === "round-0/gradient/slot-6",
    );
    expect(late6).toMatchObject({ atMs: 510, fate: "late", usage: { billedMs: 510 } });
    const calm = await virtualRun(rounds(plan), { perform });
    expect(end.state.weights).toEqual(calm.state.weights);
  });

  it("wait for the least time", async () => {
    const { plan, perform } = trial({ ...base, wait: speculate({ minimum: 100 }) });
    const fateOf = first(0, 10, 10, 10, 20, 20, 500, 16);
    const end = await virtualRun(rounds(plan), { perform, fateOf });
    expect(end.elapsedMs).toBe(110);
  });

  it("are not made before enough replies are there", async () => {
    const { plan, perform } = trial({ ...base, wait: speculate() });
    const fateOf = first(0, 0, 0, 0, 0, 200, 500, 500);
    const end = await virtualRun(rounds(plan), { perform, fateOf });
    // The sixth reply comes after 210 ms; 1.5 medians of 10 ms are long over then.
    expect(arrivals(end.events, 6)[0]).toMatchObject({ startedMs: 210, atMs: 220 });
    expect(end.elapsedMs).toBe(220);
  });

  it("do not help where the task itself is quicker", async () => {
    const { plan, perform } = trial({ ...base, wait: speculate() });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: ({ id, slot }) => ({
        ...noFault,
        delayMs: id.includes("copy") ? 100 : slot === 7 ? 30 : 0,
      }),
    });
    expect(arrivals(end.events, 7)[0]).toMatchObject({ task: "round-0/gradient/slot-7", atMs: 40 });
    expect(end.elapsedMs).toBe(40);
  });

  it("that are lost are made again, while the task itself goes on", async () => {
    const { plan, perform } = trial({ ...base, wait: speculate() });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: ({ id, slot }) => ({
        ...noFault,
        delayMs: slot === 7 && !id.includes("copy") ? 5000 : 0,
        fault: id.endsWith("copy-1") ? "crash-after" : null,
      }),
    });
    const task = "round-0/gradient/slot-7/copy-1";
    const startedMs = 25 + retryAfterMs(1, task);
    const next = { task: "round-0/gradient/slot-7/copy-2", startedMs, atMs: startedMs + 10 };
    expect(arrivals(end.events, 7)).toMatchObject([
      { task, startedMs: 15, atMs: 25, fate: "lost" },
      { ...next, fate: "counted" },
    ]);
  });

  it("count a task that was lost and asked again from then on", async () => {
    const { plan, perform } = trial({ ...base, wait: speculate() });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: ({ id, slot }) => ({
        ...noFault,
        delayMs: id.endsWith("try-2") ? 500 : 0,
        fault: slot === 7 && id.endsWith("slot-7") ? "crash-after" : null,
      }),
    });
    const task = "round-0/gradient/slot-7";
    // A copy is due 15 ms after the task was asked for again.
    const startedMs = 10 + retryAfterMs(1, task) + 15;
    expect(arrivals(end.events, 7)).toMatchObject([
      { task, fate: "lost", atMs: 10 },
      { task: `${task}/copy-1`, startedMs, atMs: startedMs + 10 },
    ]);
  });

  it("beat waiting for all on the same delays, and take more tasks", async () => {
    const sky = { model: "late", probability: 0.1, delayMs: 1000 };
    const run = async (wait: Setting["wait"] & {}) => {
      const { plan, perform } = trial({ ...base, wait, roundsMax: 40 });
      return virtualRun(rounds(plan), { perform, fateOf: fatesOf(sky) });
    };
    const [all, copied] = [await run("all"), await run(speculate())];
    expect(copied.elapsedMs).toBeLessThan(all.elapsedMs / 3);
    expect(copied.state.weights).toEqual(all.state.weights);
    const tasks = (events: readonly RunEvent[]) =>
      events.filter((event) => event.type === "arrival").length;
    expect(tasks(copied.events)).toBeGreaterThan(tasks(all.events));
  });

  it.each([Number.NaN, 1e30])(
    "change nothing by what the later of the two says: %d",
    async (poison) => {
      const { plan, perform } = trial({ ...base, wait: speculate(), roundsMax: 30 });
      const run = (bad: ReadonlySet<string>) =>
        virtualRun(rounds(plan), {
          perform(task) {
            const good = perform(task);
            if (!bad.has(task.id)) return good;
            return { loss: poison, values: good.values.map(() => poison), computeMs: 0 };
          },
          fateOf: fatesOf({ model: "late", probability: 0.15, delayMs: 25 }),
        });
      const clean = await run(new Set());
      const late = clean.events.flatMap((event) =>
        event.type === "arrival" && event.fate === "late" ? [event.task] : [],
      );
      expect(late.filter((task) => task.includes("copy")).length).toBeGreaterThan(2);
      expect(late.filter((task) => !task.includes("copy")).length).toBeGreaterThan(2);
      const poisoned = await run(new Set(late));
      expect(poisoned.state.weights).toEqual(clean.state.weights);
    },
  );
});
