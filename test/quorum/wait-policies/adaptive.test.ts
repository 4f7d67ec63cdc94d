import { describe, expect, it } from "vitest";
import { slotMapOf } from "../../../src/core/slot-map.ts";
import type { RunEvent } from "../../../src/ports/events.ts";
import { afterExploration, boundsOf } from "../../../src/quorum/wait-policies/exploration.ts";
import type { ClosedQuorum } from "../../../src/quorum/wait-policies/policy.ts";
import type { Wait } from "../../../src/quorum/wait-policies/wait.ts";
import { adaptiveSchema } from "../../../src/quorum/wait-policies/wait.ts";
import { rounds } from "../../../src/strategies/rounds/strategy.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import type { FaultDecision } from "../../../src/weather/fault-decision.ts";
import { type Setting, trial } from "../../run/fixtures.ts";
import { fatesOf, virtualRun } from "../../run/virtual-run.ts";

const adaptive = (rule: "gain" | "deadline" | "disagreement"): Wait => ({
  adaptive: adaptiveSchema.parse({ rule }),
});
/** Nobody is always first. */
const breeze = { model: "exponential", meanMs: 2 };
const dead =
  (slots: readonly number[], fateOf: (task: WorkerTask) => FaultDecision) =>
  (task: WorkerTask): FaultDecision => ({
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

describe("while the same slots stay absent", () => {
  const crowd = { workers: 8, redundancy: 2 };
  const looks = { quorums: 50, reach: 6 };

  it("k is above m over the redundancy, as far as slots come at all", () => {
    expect(boundsOf(crowd, 4, [], looks)).toEqual({ needed: 4, kMin: 4 });
    expect(boundsOf(crowd, 4, [1, 5], looks)).toEqual({ needed: 4, kMin: 5 });
    expect(boundsOf(crowd, 4, [1, 3, 5, 7], { ...looks, reach: 4 })).toMatchObject({ kMin: 4 });
    expect(boundsOf(crowd, 4, [0, 1, 3, 5, 7], { ...looks, reach: 3 })).toEqual({
      needed: 3,
      kMin: 3,
    });
    // Without redundancy everyone who comes is needed.
    expect(boundsOf({ ...crowd, redundancy: 1 }, 4, [1], { ...looks, reach: 7 })).toEqual({
      needed: 4,
      kMin: 7,
    });
  });

  it("who comes is known from the quorums that looked, and from those that gave up", () => {
    const closed = (count: number, enough: number): ClosedQuorum => ({
      startedMs: 0,
      atMs: 10,
      arrivals: slotMapOf(
        Array.from({ length: count }, (_, at) => [at, { slot: at, atMs: at }] as const),
      ),
      rule: { needed: 1, enough, deadlineMs: 10 },
      gradient: null,
    });
    expect(afterExploration(looks, closed(7, 8), crowd).reach).toBe(7);
    expect(afterExploration(looks, closed(8, 8), crowd).reach).toBe(8);
    expect(afterExploration(looks, closed(4, 5), crowd).reach).toBe(4);
    expect(afterExploration(looks, closed(5, 5), crowd).reach).toBe(6);
  });

  it("rounds take one more slot than before they were recognised", async () => {
    const { plan, perform } = trial({ ...base, wait: adaptive("disagreement") });
    const fateOf = dead([1, 5], fatesOf(breeze));
    const end = await virtualRun(rounds(plan), { perform, fateOf });
    const told = counts(end.events);
    expect(new Set(told.slice(5, 15))).toEqual(new Set([4]));
    const later = told.slice(25);
    expect(later.filter((count) => count >= 5).length).toBeGreaterThan(0.9 * later.length);
  });

  it("fewer than m over the redundancy go on, once nobody else has come for long", async () => {
    const { plan, perform } = trial({ ...base, wait: adaptive("gain"), roundsMax: 40 });
    const fateOf = dead([0, 1, 3, 5, 7], fatesOf(breeze));
    const end = await virtualRun(rounds(plan), { perform, fateOf });
    expect(end.stop).toEqual({ kind: "done" });
    const ends = end.events.flatMap((event) => (event.type === "round" ? [event.atMs] : []));
    // Twenty quorums of two seconds, then at the speed of the three that are left.
    expect(ends[18]! - ends[17]!).toBeGreaterThan(2000);
    expect(ends[39]! - ends[21]!).toBeLessThan(1000);
  });
});
