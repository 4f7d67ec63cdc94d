import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/ports/events.ts";
import { trial } from "../run/fixtures.ts";
import { fatesOf, losing, twice, virtualRun } from "../run/virtual-run.ts";
import { lawful } from "./lawful.ts";
import { type TurnTask, turns } from "./turns.ts";

const slots = 4;
const columns = 5;
const stepSize = 0.002;
const repliesMax = 120;
const { plan, shards } = trial({ workers: slots, rows: 40, columns });

function gradientAt(slot: number, weights: Float64Array): Float64Array<ArrayBuffer> {
  const out = new Float64Array(columns);
  plan.problem.lossAndGradient(shards[slot]!, Float32Array.from(weights), out);
  return out;
}

const strategy = () => lawful(turns({ slots, columns, stepSize, repliesMax }));
const perform = (task: TurnTask) => gradientAt(task.slot, task.weights);

/** The same by hand: every reply, in the order it came, is a step from where its slot stood. */
function byHand(events: readonly RunEvent[]): { weights: number[]; staleness: number[] } {
  const weights = new Array<number>(columns).fill(0);
  const seen = Array.from({ length: slots }, () => ({ at: Float64Array.from(weights), count: 0 }));
  const staleness: number[] = [];
  for (const event of events) {
    if (event.type !== "arrival" || event.fate === "late") continue;
    const { slot, fate } = event;
    if (fate === "counted") {
      const gradient = gradientAt(slot, seen[slot]!.at);
      for (let j = 0; j < columns; j++) weights[j] = weights[j]! + -stepSize * gradient[j]!;
      staleness.push(staleness.length - seen[slot]!.count);
    }
    seen[slot] = { at: Float64Array.from(weights), count: staleness.length };
  }
  return { weights, staleness };
}

describe("asynchronous turns on the loop", () => {
  it("are as stale as there are other slots, when all are equally quick", async () => {
    const end = await virtualRun(strategy(), { perform });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.staleness.slice(0, slots)).toEqual([0, 1, 2, 3]);
    expect(new Set(end.state.staleness.slice(slots))).toEqual(new Set([slots - 1]));
    const { weights, staleness } = byHand(end.events);
    expect([...end.state.weights]).toEqual(weights);
    expect(end.state.staleness).toEqual(staleness);
    // All slots at once, in rounds of 10 ms each.
    expect(end.elapsedMs).toBe((10 * repliesMax) / slots);
  });

  it.each([
    ["lost", losing(0.2)],
    ["repeated at once", twice(null)],
    ["repeated later", twice(37)],
  ])("equal the steps by hand with replies %s and late", async (_how, around) => {
    const sky = { model: "late", probability: 0.2, delayMs: 113, failures: 0.05, hangs: 0.01 };
    const end = await virtualRun(strategy(), { perform, fateOf: fatesOf(sky), around });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.version).toBe(repliesMax);
    const { weights, staleness } = byHand(end.events);
    expect([...end.state.weights]).toEqual(weights);
    expect(end.state.staleness).toEqual(staleness);
    expect(Math.max(...staleness)).toBeGreaterThan(slots);
  });

  it("go on from any saved state to their end", async () => {
    const whole = await virtualRun(strategy(), { perform });
    const from = whole.saved[50]!;
    const rest = await virtualRun(strategy(), { perform, from });
    expect(rest.state.version).toBe(repliesMax);
    expect(rest.elapsedMs).toBeGreaterThan(from.elapsedMs);
    const isStart = rest.state.staleness.slice(0, 51);
    expect(isStart).toEqual(whole.state.staleness.slice(0, 51));
  });
});
