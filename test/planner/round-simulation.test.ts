import { describe, expect, it } from "vitest";
import { bounds, functions, invocationUsd } from "../../src/limits.ts";
import { latenessModelOf } from "../../src/planner/lateness.ts";
import { type RoundPhase, simulateRounds } from "../../src/planner/round-simulation.ts";
import type { RoundEvent, RunEvent } from "../../src/ports/events.ts";
import { resolveMembers } from "../../src/run/resolve-members.ts";
import { faultModelOf as weatherFates } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { scene, segment, table } from "../simulation/simulated-run.ts";

const platform = {
  ...functions.worker,
  priceOf: invocationUsd,
  environmentsPerSlot: bounds.environmentsPerSlot,
};
const phases: RoundPhase[] = (["gradient", "along"] as const).map((name) => ({
  name,
  bytesDown: 100,
  bytesUp: 100,
}));
const text = table(400, 4, 1);

const cases = {
  "all on a calm day": { wait: "all", weather: { model: "calm" } },
  "all, late": { wait: "all", weather: { model: "lambda" } },
  "k of n": { wait: { fastest: 12 }, weather: { model: "lambda", coldStartMs: 142 } },
  "k of n, spares busy": { wait: { fastest: 8 }, weather: { model: "persistent", taskMs: 40 } },
  "heavy tails": { wait: { fastest: 10 }, weather: { model: "pareto" } },
  "a deadline": {
    wait: { deadline: "60ms", atLeast: 6 },
    weather: { model: "exponential", meanMs: 40 },
  },
  "a deadline nobody misses": {
    wait: { deadline: "9s", atLeast: 6 },
    weather: { model: "lambda" },
  },
  "crashes and repeats": {
    wait: { fastest: 14 },
    weather: { model: "exponential", failures: "10%", duplicates: "5%", coldStartMs: 100 },
  },
  "a dead slot": { wait: { fastest: 13 }, weather: { model: "lambda", deadSlots: [3] } },
  "a code that waits on": {
    wait: { fastest: 9 },
    encoding: { type: "gradient-code", stragglers: 1 },
    weather: { model: "lambda-trace-a", coldStartMs: 142 },
  },
  "one quorum a round": {
    wait: { fastest: 12 },
    optimizer: "gradient-descent",
    weather: { model: "lambda-trace-c" },
  },
};

describe("rounds on the clock alone pass as they do on the machine", () => {
  it.each(Object.entries(cases))("%s", async (_name, how) => {
    const rounds = 12;
    const stop = { rounds, tolerance: 0 };
    const run = await scene({ problem: "ridge", workers: 16, stop, seed: 3, ...how }, text);
    const events: RunEvent[] = [];
    const end = await segment(run, { listen: (event) => events.push(event) });
    const { spec } = run.record;
    const { encoding, wait } = resolveMembers(spec);
    const fates = weatherFates(weatherFrom(spec.weather), spec.seed);
    const timed = simulateRounds(
      {
        encoding,
        wait,
        storedRows: run.staged.encoded.slots.map((slot) => slot.rows),
        rows: run.staged.encoded.rows,
        phases: spec.optimizer.type === "l-bfgs" ? phases : phases.slice(0, 1),
        workMs: 5,
      },
      platform,
      latenessModelOf(({ task, slot, round }, _draw, isCold) =>
        fates({ task, slot, round }, isCold),
      ),
      0,
      rounds,
    );
    const ends = events.filter((event): event is RoundEvent => event.type === "round");
    expect(ends).toHaveLength(rounds);
    for (const [round, { atMs }] of ends.entries())
      expect(timed.endsMs[round]).toBeCloseTo(atMs, 6);
    const spent = timed.spentAt(rounds);
    expect(spent.usd).toBeCloseTo(end.totals.costUsd, 9);
    expect(spent.invocations).toBe(end.totals.invocations);
  });
});
