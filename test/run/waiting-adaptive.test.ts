import { describe, expect, it } from "vitest";
import type { Fate } from "../../src/emulator/weather/fate.ts";
import type { RunEvent } from "../../src/ports/events.ts";
import type { WorkerTask } from "../../src/run/messages.ts";
import { rounds } from "../../src/run/strategies/rounds.ts";
import type { Wait } from "../../src/run/waiting/wait.ts";
import { adaptiveSchema } from "../../src/run/waiting/wait.ts";
import { type Setting, trial } from "./fixtures.ts";
import { fatesOf, virtualRun } from "./virtual-run.ts";

const adaptive = (rule: "gain" | "deadline" | "disagreement"): Wait => ({
  adaptive: adaptiveSchema.parse({ rule }),
});
/** Nobody is always first. */
const breeze = { model: "exponential", meanMs: 2 };
const dead =
  (slots: readonly number[], fateOf: (task: WorkerTask) => Fate) =>
  (task: WorkerTask): Fate => ({
    ...fateOf(task),
    fault: slots.includes(task.slot) ? "hang" : null,
  });
const base: Setting = {
  workers: 8,
  rows: 128,
  optimizer: { type: "gradient-descent", step: 0.05 },
  encoding: { type: "hadamard" },
  roundsMax: 100,
};
const warnings = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
const counts = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "round" ? [event.counted.length] : []));

describe.each(["gain", "deadline", "disagreement"] as const)("adaptive by %s", (rule) => {
  it("goes on at the speed of the live where slots are dead for ever", async () => {
    const { plan, perform } = trial({ ...base, wait: adaptive(rule) });
    const end = await virtualRun(rounds(plan), {
      perform,
      fateOf: dead([1, 5], fatesOf(breeze)),
    });
    expect(end.stop).toEqual({ kind: "done" });
    const live = trial({ ...base, wait: { fastest: 6 } });
    const known = await virtualRun(rounds(live.plan), {
      perform: live.perform,
      fateOf: dead([1, 5], fatesOf(breeze)),
    });
    // The first rounds, and those that look, wait for longer.
    expect(end.elapsedMs).toBeLessThan(1.15 * known.elapsedMs);
    expect(warnings(end.events)).toEqual([
      "slots 1, 5: persistently late, left out of nearly all of the last 20 quorums",
    ]);
    expect(Math.min(...counts(end.events))).toBeGreaterThanOrEqual(4);
  });
});
