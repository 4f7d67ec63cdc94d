import { describe, expect, it } from "vitest";
import { checkSchedule } from "../../src/model-parallel/check-schedule.ts";
import {
  makeSchedule,
  type Pipeline,
  refuseUnrunnable,
  type Schedule,
  scheduleNames,
  straightPipeline,
} from "../../src/model-parallel/schedule.ts";
import { scheduleFromCsv, scheduleToCsv } from "../../src/model-parallel/schedule-csv.ts";
import { simulateSchedule, type Timeline } from "../../src/model-parallel/simulate-schedule.ts";

function timeline(schedule: Schedule, f = 50, b = 100, hop = 0): Timeline {
  const times = { forward: () => f, backward: () => b, hop: () => hop };
  const outcome = simulateSchedule(schedule, times);
  if ("deadlock" in outcome) throw new Error(`deadlock: ${JSON.stringify(outcome.deadlock)}`);
  return outcome;
}

const grid = [1, 2, 3, 4, 6].flatMap((p) => [1, 2, 3, 5, 8, 16].map((m) => [p, m] as const));

describe.each(scheduleNames)("the schedule %s", (name) => {
  it.each(grid)("over %i stages and %i microbatches is complete and ends in time", (p, m) => {
    const schedule = makeSchedule(straightPipeline(p), { name, microbatches: m });
    const cap = name === "interleaved" ? { activeMicrobatches: p + 2 } : {};
    checkSchedule(schedule, { microbatches: m, ...cap });
    const { makespan, billed, bubble, peakInFlight } = timeline(schedule);
    expect(makespan).toBe((m + p - 1) * 150);
    // Nobody pays for a bubble.
    expect(billed).toBe(m * p * 150);
    expect(bubble).toBeCloseTo((p - 1) / (m + p - 1), 12);
    const most = { simple: m, interleaved: Math.min(m, p + 2), "1f1b": Math.min(m, p) }[name];
    expect(peakInFlight[0]).toBeLessThanOrEqual(most);
    if (name !== "interleaved") expect(peakInFlight[0]).toBe(most);
    // The same through the notation that torch reads.
    expect(scheduleFromCsv(scheduleToCsv(schedule), straightPipeline(p))).toEqual(schedule);
  });

  it("with hops is within a tenth of the formula", () => {
    for (const [p, m] of [
      [2, 4],
      [4, 8],
      [8, 32],
    ] as const) {
      const schedule = makeSchedule(straightPipeline(p), { name, microbatches: m });
      const { makespan } = timeline(schedule, 50, 100, 5);
      const formula = (m + p - 1) * 150 + 2 * (p - 1) * 5;
      expect(makespan / formula).toBeGreaterThan(0.999);
      expect(makespan / formula).toBeLessThan(1.1);
    }
  });
});

describe("schedules on the virtual clock", () => {
  it("have the published bubbles, orders and peaks", () => {
    const made = (p: number, m: number, name: "simple" | "1f1b") =>
      makeSchedule(straightPipeline(p), { name, microbatches: m });
    expect(timeline(made(2, 4, "1f1b")).bubble).toBeCloseTo(0.2, 4);
    expect(timeline(made(4, 8, "1f1b")).bubble).toBeCloseTo(0.2727, 4);
    expect(timeline(made(8, 32, "1f1b")).bubble).toBeCloseTo(0.1795, 4);
    expect(scheduleToCsv(made(4, 8, "1f1b")).split("\n")[0]).toBe(
      "0F0,0F1,0F2,0F3,0B0,0F4,0B1,0F5,0B2,0F6,0B3,0F7,0B4,0B5,0B6,0B7",
    );
    expect(timeline(made(4, 8, "1f1b")).peakInFlight).toEqual([4, 3, 2, 1]);
    expect(timeline(made(4, 8, "simple")).peakInFlight).toEqual([8, 8, 8, 8]);
  });

  it("the control, one microbatch in flight, takes p m (f + b)", () => {
    const serial = makeSchedule(straightPipeline(4), {
      ...{ name: "interleaved", microbatches: 8, activeMicrobatches: 1 },
    });
    checkSchedule(serial, { microbatches: 8, activeMicrobatches: 1 });
    expect(timeline(serial).makespan).toBe(4 * 8 * 150);
  });

  it("cut a batch finer: what is paid stays, the makespan falls", () => {
    const runs = [1, 2, 4, 8, 16].map((m) =>
      timeline(
        makeSchedule(straightPipeline(4), { name: "1f1b", microbatches: m }),
        ...([1600 / m, 3200 / m] as const),
      ),
    );
    for (const { billed } of runs) expect(billed).toBe(runs[0]!.billed);
    const spans = runs.map(({ makespan }) => makespan);
    expect(spans).toEqual(spans.toSorted((a, b) => b - a));
    expect(spans.at(-1)! / spans[0]!).toBeLessThan(0.31);
    // The control: workers that stay through the bubble pay for it.
    const resident = runs.map(({ makespan }) => 4 * makespan);
    expect(resident[0]! / resident.at(-1)!).toBeGreaterThan(3);
  });

  it("stages of unequal length wait for the longest", () => {
    const schedule = makeSchedule(straightPipeline(3), { name: "1f1b", microbatches: 8 });
    const times = { forward: (s: number) => [10, 30, 20][s]!, backward: () => 0, hop: () => 0 };
    const outcome = simulateSchedule(schedule, times) as Timeline;
    expect(outcome.makespan).toBe(7 * 30 + 60);
  });

  it("skips over stages, and workers that are visited again", () => {
    const skip: Pipeline = { workerOf: [0, 1, 2], producers: [[], [0], [0, 1]] };
    const again: Pipeline = { workerOf: [0, 1, 0, 2, 0], producers: [[], [0], [1], [2, 0], [3]] };
    for (const pipeline of [skip, again])
      for (const name of ["simple", "interleaved"] as const)
        for (const microbatches of [1, 3, 8]) {
          const schedule = makeSchedule(pipeline, { name, microbatches });
          const cap = name === "simple" ? microbatches : pipeline.workerOf.length + 2;
          checkSchedule(schedule, { microbatches, activeMicrobatches: cap });
        }
    expect(() => makeSchedule(again, { name: "1f1b", microbatches: 2 })).toThrow(
      /more than one stage/,
    );
    const narrow = makeSchedule(again, {
      name: "interleaved",
      microbatches: 6,
      activeMicrobatches: 2,
    });
    checkSchedule(narrow, { microbatches: 6, activeMicrobatches: 2 });
  });
});

describe("a schedule that somebody wrote", () => {
  const two = straightPipeline(2);
  const check =
    (text: string, microbatches = 2, activeMicrobatches = 9) =>
    () =>
      checkSchedule(scheduleFromCsv(text, two), { microbatches, activeMicrobatches });

  it("may split its backward passes: checked and priced, not run", () => {
    const text = "0F0,0F1,,0I0,0W0,0I1,0W1\n,1F0,1I0,1F1,1I1,1W0,1W1\n";
    check(text)();
    const schedule = scheduleFromCsv(text, two);
    const times = { forward: () => 1, backward: () => 2, hop: () => 0 };
    const outcome = simulateSchedule(schedule, times) as Timeline;
    // m (f + i + w) + (p - 1) (f + i - w); unsplit it is (m + p - 1) (f + b).
    expect(outcome.makespan).toBe(7);
    expect(outcome.peakInFlight).toEqual([2, 2]);
    expect(() => refuseUnrunnable(schedule)).toThrow("0I0: a backward pass in two is not run");
    refuseUnrunnable(makeSchedule(two, { name: "1f1b", microbatches: 2 }));
  });

  it("may say its messages", () => {
    check(
      "0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1\n" +
        "1RECV_F0,1F0,1B0,1SEND_B0,1RECV_F1,1F1,1B1,1SEND_B1\n",
    )();
  });

  it.each<[string, () => void]>([
    ['row 2, cell 1: "1G0" is no action', check("0F0,0B0\n1G0", 1)],
    ["0F1 is missing", check("0F0,0B0\n1F0,1B0")],
    ["1B1 is missing", check("0F0,0F1,0B0,0B1\n1F0,1B0,1F1")],
    ["0F0 stands there twice", check("0F0,0F0,0B0\n1F0,1B0", 1)],
    ["0B0 stands before 0F0", check("0B0,0F0\n1F0,1B0", 1)],
    ["0W0 stands before 0I0", check("0F0,0W0,0I0\n1F0,1B0", 1)],
    ["0W0 is missing", check("0F0,0I0\n1F0,1B0", 1)],
    ["0B0 stands beside 0I0", check("0F0,0B0,0I0\n1F0,1B0", 1)],
    ["1F0 stands with worker 0", check("0F0,1F0,0B0\n1B0", 1)],
    ["2F0: there are 2 stages", check("0F0,0B0\n1F0,1B0\n2F0", 1)],
    ["0F1: there are 1 microbatches", check("0F0,0F1,0B0\n1F0,1B0", 1)],
    ["0F1: 2 microbatches in flight, at most 1", check("0F0,0F1,0B0,0B1\n1F0,1F1,1B0,1B1", 2, 1)],
    // Worker 0 wants 0's slopes before it makes 1, worker 1 wants 1 first.
    [
      "deadlock: the workers wait for each other, 0 at 0B0, 1 at 1F1",
      check("0F0,0B0,0F1,0B1\n1F1,1F0,1B0,1B1"),
    ],
    ["1RECV_F0 is missing", check("0F0,0SEND_F0,0RECV_B0,0B0\n1F0,1B0,1SEND_B0", 1)],
    [
      "0SEND_F0 stands before 0F0",
      check("0SEND_F0,0F0,0RECV_B0,0B0\n1RECV_F0,1F0,1B0,1SEND_B0", 1),
    ],
    ["deadlock", check("0F0,0RECV_B0,0SEND_F0,0B0\n1RECV_F0,1F0,1B0,1SEND_B0", 1)],
  ])("is refused: %s", (message, work) => {
    expect(work).toThrow(message);
  });

  it("a number of microbatches, or a cap, that is none is refused", () => {
    const made = (options: object) => () =>
      makeSchedule(two, { name: "1f1b", microbatches: 2, ...options });
    expect(made({ microbatches: 0 })).toThrow("microbatches: 0");
    expect(made({ activeMicrobatches: 0 })).toThrow("activeMicrobatches: 0");
    expect(made({ name: "simple", activeMicrobatches: 1 })).toThrow("simple keeps all 2 in flight");
  });
});
