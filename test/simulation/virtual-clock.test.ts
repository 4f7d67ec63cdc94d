import { describe, expect, it } from "vitest";
import { simulatedCompute } from "../../src/simulation/simulated-compute.ts";
import { virtualClock } from "../../src/simulation/virtual-clock.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { noFault } from "../../src/weather/fault-decision.ts";
import { trial } from "../run/fixtures.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";

describe("the virtual clock", () => {
  it("wakes in order of time, then of asking, and leaves out what was called off", async () => {
    const clock = virtualClock();
    const woken: string[] = [];
    const at = (ms: number, name: string) =>
      clock.schedule(ms, () => woken.push(`${name} at ${clock.nowMs()}`));
    at(20, "c");
    at(10, "a");
    const callOff = at(15, "never");
    at(10, "b");
    at(Number.POSITIVE_INFINITY, "never");
    callOff();
    for (let i = 0; i < 3; i++) await clock.rest(Promise.resolve());
    expect(woken).toEqual(["a at 10", "b at 10", "c at 20"]);
    at(5, "past");
    await clock.rest(Promise.resolve());
    expect(woken.at(-1)).toBe("past at 20");
    await expect(clock.rest(Promise.resolve())).rejects.toThrow("broken promise");
  });

  it("keeps a thousand random times in order", async () => {
    const clock = virtualClock();
    const woken: number[] = [];
    const times = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1009);
    for (const ms of times) clock.schedule(ms, () => woken.push(ms));
    for (const _ of times) await clock.rest(Promise.resolve());
    expect(woken).toEqual(times.sort((a, b) => a - b));
  });

  it("stands still until work that takes real time was heard", async () => {
    const { plan, perform } = trial({ workers: 2, wait: { fastest: 1 }, roundsMax: 4 });
    const slowly = async (task: Parameters<typeof perform>[0]) => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return perform(task);
    };
    const fates = ({ slot }: { slot: number }) => ({ ...noFault, delayMs: slot * 1000 });
    const slow = await virtualRun(rounds(plan), { perform: slowly, fateOf: fates });
    const quick = await virtualRun(rounds(plan), { perform, fateOf: fates });
    expect(slow.events).toEqual(quick.events);
    expect(slow.elapsedMs).toBe(80);
    const alone = trial({ workers: 1, roundsMax: 2 });
    const end = await virtualRun(rounds(alone.plan), {
      perform: async (task) => {
        await new Promise((resolve) => setTimeout(resolve, 3));
        return alone.perform(task);
      },
    });
    expect(end.elapsedMs).toBe(40);
  });
});

describe("the simulated compute", () => {
  const compute = (environmentsPerSlot: number) => {
    const clock = virtualClock();
    const simulated = simulatedCompute<{ id: string; slot: number }, number>({
      clock,
      perform: async () => 1,
      workMs: () => 10,
      fateOf: ({ id }) => ({ ...noFault, delayMs: id === "late" ? 90 : 0, coldStartMs: 100 }),
      bytesDown: () => 3,
      bytesUp: () => 4,
      environmentsPerSlot,
    });
    const told: string[] = [];
    const start = (id: string) =>
      simulated.start({ id, slot: 0 }, (outcome, usage) =>
        told.push(`${id} ${outcome.kind} at ${clock.nowMs()} for ${usage.billedMs}`),
      );
    return { clock, start, told };
  };

  it("starts a spare environment while one is busy, and uses it warm afterwards", async () => {
    const { clock, start, told } = compute(2);
    start("late");
    start("next");
    for (let i = 0; i < 2; i++) await clock.rest(Promise.resolve());
    for (let i = 0; i < 2; i++) await clock.rest(Promise.resolve());
    start("warm");
    for (let i = 0; i < 2; i++) await clock.rest(Promise.resolve());
    expect(told).toEqual([
      "next done at 110 for 110",
      "late done at 200 for 200",
      "warm done at 210 for 10",
    ]);
  });

  it("loses a task at once when all environments of its slot are busy", async () => {
    const { clock, start, told } = compute(1);
    start("late");
    start("next");
    await clock.rest(Promise.resolve());
    expect(told).toEqual(["next lost at 0 for 0"]);
  });

  it("gives the same events for the same seed, and others for another", async () => {
    const { plan, perform } = trial({ workers: 5, wait: { fastest: 4 }, roundsMax: 6 });
    const run = (seed: number) =>
      virtualRun(rounds(plan), {
        perform,
        fateOf: fatesOf({ model: "lambda", failures: 0.1 }, seed),
      });
    const [once, again, other] = [await run(1), await run(1), await run(2)];
    expect(again.events).toEqual(once.events);
    expect(other.events).not.toEqual(once.events);
  });
});
