import { describe, expect, it } from "vitest";
import { replay } from "../../src/engine/replay.ts";
import { weightsDigest, wholeWeights } from "../../src/run/model-weights.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { trial } from "../run/fixtures.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";
import { interruptAt, recorded, scene, segment, table, throughout } from "./simulated-run.ts";

const spec = {
  problem: { type: "ridge", l2: 0.05 },
  workers: 6,
  wait: { fastest: 4 },
  stop: { rounds: 12, tolerance: 0 },
  weather: { model: "late", probability: 0.3, delayMs: 70, failures: 0.1, hangs: 0.01 },
};

describe("a recorded run replays to the same bits", () => {
  it.each(["l-bfgs", "gradient-descent"])("with the fastest k and %s", async (optimizer) => {
    const start = await scene({ ...spec, optimizer }, table(80, 4, 1));
    const end = await segment(start);
    const { events, digest } = await recorded(start);
    expect(events.some((event) => event.type === "arrival" && event.fate === "late")).toBe(true);
    expect(events.some((event) => event.type === "arrival" && event.fate === "lost")).toBe(true);
    expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
  });

  it("with deadlines, whose ticks are part of the record", async () => {
    const wait = { deadline: 40, atLeast: 2 };
    const start = await scene({ ...spec, wait }, table(80, 4, 1));
    const end = await segment(start);
    const { events, digest } = await recorded(start);
    expect(events.some((event) => event.type === "tick")).toBe(true);
    expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
  });

  it("interrupted and resumed twice, in the middle of rounds", async () => {
    const start = await scene(spec, table(80, 4, 1));
    const { end, segments } = await throughout(start, (count) =>
      count < 3 ? interruptAt(count * 17) : {},
    );
    expect(segments).toBe(3);
    const { events, digest } = await recorded(start);
    expect(events.filter((event) => event.type === "resumed")).toHaveLength(2);
    expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
  });

  it("also when replies were damaged", async () => {
    const { plan, perform } = trial({ workers: 4, wait: { fastest: 3 }, roundsMax: 6 });
    const strategy = rounds(plan);
    const end = await virtualRun(strategy, {
      perform(task) {
        const good = perform(task);
        return /[13]\/(gradient|along)\/slot-2$/.test(task.id)
          ? { ...good, loss: Number.NaN }
          : good;
      },
      fateOf: fatesOf({ model: "late", probability: 0.2, delayMs: 33 }),
    });
    const state = await replay(strategy, end.events, perform);
    expect(state).toEqual(end.state);
  });

  it.each([
    { strategy: "async-sgd" },
    { strategy: { type: "async-sgd", memory: false, stalenessMax: 20 } },
    { wait: "adaptive" },
    { wait: { adaptive: { rule: "deadline" } } },
    { wait: { speculate: { minimum: 10 } } },
  ])("also interrupted and resumed: %j", async (how) => {
    const start = await scene({ ...spec, ...how }, table(80, 4, 1));
    const { end } = await throughout(start, (count) => (count < 3 ? interruptAt(count * 17) : {}));
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.rounds).toBe(12);
    const { events, digest } = await recorded(start);
    expect(events.filter((event) => event.type === "resumed")).toHaveLength(2);
    expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
  });

  it("and refuses a recording that is not its own", async () => {
    const start = await scene(spec, table(80, 4, 1));
    await segment(start);
    const { events } = await recorded(start);
    const { plan, perform } = trial({ workers: 3 });
    await expect(replay(rounds(plan), events, perform)).rejects.toMatchObject({
      code: "bad-recording",
    });
  });
});
