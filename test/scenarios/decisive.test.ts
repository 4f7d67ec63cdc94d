import { expect, test } from "vitest";
import { withOpenRun } from "../../src/platform/training/open-run.ts";
import type { RoundEvent } from "../../src/ports/events.ts";
import { readHistory } from "../../src/run/finish.ts";
import { runOn, smallRidge, temporaryHome } from "./workplace.ts";

/**
 * Every fifth round two workers are late, others each time. What it comes to in seconds is told by
 * `test/simulation/decisive.test.ts`, in virtual time; here are real processes, and no clock.
 */
const rounds = 20;
const late = new Map([
  [4, [0, 1]],
  [9, [2, 3]],
  [14, [4, 5]],
  [19, [6, 7]],
]);
const weatherOf = (lateMs: number) => ({
  model: "trace",
  delaysMs: Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: 8 }, (_, slot) => (late.get(round)?.includes(slot) ? lateMs : 0)),
  ),
});

test("6 of 8 never wait for the late ones; waiting for all waits for each", async () => {
  await using home = await temporaryHome();
  const run = async (wait: unknown, lateMs: number) => {
    const stop = { rounds, tolerance: 0, patience: 600 };
    const spec = { ...smallRidge, weather: weatherOf(lateMs), wait, stop };
    const { end, result } = await runOn("emulated", home.path, spec);
    expect(end).toMatchObject({ stop: { kind: "done" }, rounds });
    const history = await withOpenRun({ home: home.path }, result.run, ({ store }) =>
      readHistory(store, result.run),
    );
    return { result, told: history.filter((event) => event.type === "round") };
  };
  const lasted = ({ atMs, startedMs }: RoundEvent) => atMs - startedMs;
  // So late that no machine is as slow: had one been waited for, it would count.
  const some = await run({ fastest: 6 }, 120_000);
  const all = await run("all", 250);
  for (const [round, slots] of late) {
    const others = [0, 1, 2, 3, 4, 5, 6, 7].filter((slot) => !slots.includes(slot));
    expect(some.told[round]!.counted).toEqual(others);
    expect(all.told[round]!.counted).toHaveLength(8);
    expect(lasted(all.told[round]!)).toBeGreaterThan(249);
  }
  expect(Math.abs(some.result.objective / all.result.objective - 1)).toBeLessThan(0.005);
});
