import { describe, expect, it } from "vitest";
import { recordedLateness } from "../../src/planner/recorded.ts";
import type { ArrivalEvent, RunEvent } from "../../src/ports/events.ts";

const usage = { billedMs: 10, coldStart: false, bytesDown: 1, bytesUp: 1, costUsd: 1e-6 };

function arrival(round: number, slot: number, tookMs: number, more: Partial<ArrivalEvent> = {}) {
  const startedMs = 1000 * round;
  const task = `round-${round}/gradient/slot-${slot}`;
  const about = { type: "arrival", task, slot, startedMs, atMs: startedMs + tookMs } as const;
  return { ...about, fate: "counted", usage, ...more } satisfies ArrivalEvent;
}

/** Slot 3 is always 200 ms late; every fourth round is stormy: everyone is 500 ms later. */
const events: RunEvent[] = Array.from({ length: 24 }, (_, round) =>
  [0, 1, 2, 3].map((slot) =>
    arrival(round, slot, 10 + (slot === 3 ? 200 : 0) + (round % 4 === 0 ? 500 : 0)),
  ),
).flat();

const delays = (lateness: ReturnType<typeof recordedLateness>["lateness"], slot: number) =>
  Array.from({ length: 400 }, (_, round) => {
    const task = `round-${round}/gradient/slot-${slot}`;
    return lateness({ task, slot, round }, 0, false).delayMs;
  });

describe("lateness from a run's record", () => {
  const { lateness, workMs } = recordedLateness(events, "trial");

  it("takes what nothing held up as work", () => {
    expect(workMs).toBe(10);
  });

  it("keeps slow slots slow, and bad moments common to all", () => {
    const [usual, slow] = [delays(lateness, 0), delays(lateness, 3)];
    expect(new Set(usual)).toEqual(new Set([0, 500]));
    expect(new Set(slow)).toEqual(new Set([200, 700]));
    expect(slow).toEqual(usual.map((ms) => ms + 200));
    const stormy = usual.filter((ms) => ms === 500).length / usual.length;
    expect(Math.abs(stormy - 0.25)).toBeLessThan(0.07);
  });

  it("has other futures, and the same again in each", () => {
    const at = (draw: number) =>
      lateness({ task: "round-1/x/slot-0", slot: 0, round: 1 }, draw, false);
    expect(at(3)).toEqual(at(3));
    expect(new Set(Array.from({ length: 20 }, (_, draw) => at(draw).delayMs)).size).toBe(2);
  });

  it("has further slots go as the recorded ones do", () => {
    expect(new Set(delays(lateness, 7))).toEqual(new Set([200, 700]));
  });

  it("tells cold starts and losses apart from lateness", () => {
    const cold = { usage: { ...usage, coldStart: true } };
    const lost = { fate: "lost", reason: "the environment crashed" } as const;
    const more = [...events, arrival(30, 0, 160, cold), ...events.slice(0, 32).map(lose)];
    function lose(event: RunEvent): RunEvent {
      return { ...(event as ArrivalEvent), ...lost };
    }
    const told = recordedLateness(more, "trial").lateness;
    const fates = Array.from({ length: 800 }, (_, round) =>
      told({ task: `round-${round}/gradient/slot-1`, slot: 1, round }, 0, true),
    );
    expect(new Set(fates.map(({ coldStartMs }) => coldStartMs))).toEqual(new Set([150]));
    const crashed = fates.filter(({ fault }) => fault === "crash-after").length / 800;
    expect(Math.abs(crashed - 32 / 129)).toBeLessThan(0.06);
  });

  it("refuses a record that is too short", () => {
    expect(() => recordedLateness(events.slice(0, 4), "trial")).toThrow(/4 replies/);
  });
});
