import { describe, expect, test } from "vitest";
import { replay } from "../../../src/engine/replay.ts";
import type { ArrivalEvent, RoundEvent, RunEvent } from "../../../src/ports/events.ts";
import { anytime } from "../../../src/strategies/anytime/strategy.ts";
import type { WorkerTask } from "../../../src/tasks/protocol.ts";
import { type FaultDecision, noFault } from "../../../src/weather/fault-decision.ts";
import { fromPacket, toPacket } from "../../../src/wire/packet.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../../run/virtual-run.ts";
import { block, sceneOf, timeMs } from "./scene.ts";
import { textbook } from "./textbook.ts";

const stormy = { model: "exponential", meanMs: 8, failures: 0.1, hangs: 0.02 };

const arrivalsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is ArrivalEvent => event.type === "arrival");
const roundsOf = (events: readonly RunEvent[]) =>
  events.filter((event): event is RoundEvent => event.type === "round");

describe("in stormy weather", () => {
  test.each<[string, object]>([
    ["all", {}],
    ["the fastest three", { wait: { fastest: 3 } }],
    ["a deadline", { wait: { deadline: 25, atLeast: 2 } }],
    ["backup tasks", { wait: { speculate: { minimum: 5 } } }],
    ["copies of the rows, and at most six", { encoding: "replication" }],
    ["adam, whose rate falls", { optimizer: "adam" }],
    ["a safe step", { optimizer: "gradient-descent" }],
    ["six rows at most", { strategy: { type: "anytime", seconds: 0.02, block, batch: 6 } }],
  ])("%s: the laws hold; resumed and replayed to the same weights", async (name, change) => {
    const { plan, perform, time } = sceneOf(change);
    const how = { perform, ...time, fateOf: fatesOf(stormy, name) };
    const end = await virtualRun(lawful(anytime(plan)), {
      ...how,
      around: (compute, clock) => twice(13)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.round).toBe(8);
    expect(await replay(anytime(plan), end.events, perform)).toEqual(end.state);
    // Without the recorded numbers of rows every reply is of all of them.
    const forgotten = end.events.map((event) =>
      event.type === "arrival" ? { ...event, rows: undefined } : event,
    ) as RunEvent[];
    const other = await replay(anytime(plan), forgotten, perform);
    expect(other.weights).not.toEqual(end.state.weights);
    const rest = await virtualRun(lawful(anytime(plan)), { ...how, from: end.saved[3]! });
    expect(rest.state.round).toBe(8);
  });

  test("a plain loop over the recorded numbers of rows comes to the same weights", async () => {
    const scene = sceneOf();
    const end = await virtualRun(anytime(scene.plan), {
      perform: scene.perform,
      ...scene.time,
      fateOf: fatesOf(stormy),
      around: losing(0.1),
    });
    const weights = textbook(scene, end.events);
    for (const [j, value] of weights.entries()) expect(end.state.weights[j]).toBeCloseTo(value, 5);
    const sizes = new Set(arrivalsOf(end.events).map(({ rows }) => rows));
    expect(sizes.size).toBeGreaterThan(3);
  });
});

test("a killed run goes on from any checkpoint to the same bits", async () => {
  const { plan, perform, time } = sceneOf();
  const fateOf = fatesOf({ model: "exponential", meanMs: 8 });
  const whole = await virtualRun(anytime(plan), { perform, ...time, fateOf });
  for (const from of whole.saved.slice(0, -1)) {
    const again = fromPacket<typeof from>(toPacket(from));
    const rest = await virtualRun(anytime(plan), { perform, ...time, fateOf, from: again });
    expect(rest.state.weights).toEqual(whole.state.weights);
  }
});

test("who begins late does fewer rows and is not late", async () => {
  const { plan, perform, time } = sceneOf();
  const fateOf = ({ slot }: WorkerTask): FaultDecision => ({ ...noFault, delayMs: 5 * slot });
  const end = await virtualRun(anytime(plan), { perform, ...time, fateOf });
  for (const { fate, slot, rows, atMs, startedMs } of arrivalsOf(end.events)) {
    expect(fate).toBe("counted");
    // A block that has begun is finished.
    expect(rows).toBe(block * Math.ceil((timeMs - 5 * slot) / block));
    expect(atMs - startedMs).toBeLessThan(timeMs + block);
  }
  for (const { counted } of roundsOf(end.events)) expect(counted).toEqual([0, 1, 2, 3]);
});

test("who begins after the time is up does one block all the same", async () => {
  const { plan, perform, time } = sceneOf({ wait: { fastest: 3 } });
  const fateOf = ({ slot }: WorkerTask) => ({ ...noFault, delayMs: slot === 2 ? 50 : 0 });
  const end = await virtualRun(anytime(plan), { perform, ...time, fateOf });
  const late = arrivalsOf(end.events).filter(({ slot }) => slot === 2);
  expect(late.length).toBeGreaterThan(1);
  for (const { fate, rows } of late) expect([fate, rows]).toEqual(["late", block]);
});

test.each([
  ["the first", 0],
  ["the last", 3],
])("%s to be heard of, lost, is an erasure: its round waits for no second try", async (_, lost) => {
  const { plan, perform, time } = sceneOf();
  const fateOf = ({ id, slot }: WorkerTask): FaultDecision => ({
    ...noFault,
    fault: slot === lost && id.startsWith("round-2/") ? "crash-after" : null,
  });
  const end = await virtualRun(lawful(anytime(plan)), { perform, ...time, fateOf });
  const told = roundsOf(end.events);
  expect(told.map(({ counted }) => counted.length)).toEqual([4, 4, 3, 4, 4, 4, 4, 4]);
  const longest = Math.max(...told.map(({ startedMs, atMs }) => atMs - startedMs));
  expect(longest).toBeLessThan(timeMs + block);
});

test("a run of lost replies alone gives up, and says why", async () => {
  const { plan, perform, time } = sceneOf({ stop: { rounds: 8, patience: 3 } });
  const fateOf = (): FaultDecision => ({ ...noFault, fault: "crash-before" });
  const end = await virtualRun(anytime(plan), { perform, ...time, fateOf });
  expect(end.stop).toMatchObject({ kind: "unfinished", reason: /0 of the 1 replies needed/ });
});
