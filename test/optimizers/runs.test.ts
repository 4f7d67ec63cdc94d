import { describe, expect, test } from "vitest";
import { adaptives } from "../../src/optimizers/adaptive/registry.ts";
import { weightsDigest, wholeWeights } from "../../src/run/model-weights.ts";
import { rounds } from "../../src/strategies/rounds/strategy.ts";
import { lawful } from "../engine/lawful.ts";
import { trial } from "../run/fixtures.ts";
import { fatesOf, losing, twice, virtualRun } from "../run/virtual-run.ts";
import {
  interruptAt,
  recorded,
  scene,
  segment,
  table,
  throughout,
} from "../simulation/simulated-run.ts";

const stormy = { model: "late", probability: 0.3, delayMs: 90, failures: 0.1, hangs: 0.02 };
const fast = { learningRate: 0.05, delay: 3, hyperLearningRate: 0.01, gamma: 0.9 };
const chosen = (name: string) =>
  name === "mada" ? { type: name, ...fast } : { type: name, learningRate: 0.05 };

describe.each(adaptives.map(({ name }) => name))("rounds by %s", (name) => {
  test("keep the laws in stormy weather, lost and repeated replies included", async () => {
    const optimizer = chosen(name);
    const setting = { workers: 4, wait: { fastest: 3 }, optimizer, roundsMax: 6 };
    const { plan, perform } = trial(setting);
    const end = await virtualRun(lawful(rounds(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      around: (compute, clock) => twice(33)(losing(0.1)(compute), clock),
    });
    expect(end.stop).toEqual({ kind: "done" });
    const rest = await virtualRun(lawful(rounds(plan)), {
      perform,
      fateOf: fatesOf(stormy, name),
      from: end.saved[2]!,
    });
    expect(rest.state.round).toBe(6);
  });
});

test("methods are told which tensors the weights are, where a problem knows", async () => {
  const optimizer = { type: "muon", learningRate: 0.1 };
  const { plan, perform } = trial({ workers: 2, wait: "all", optimizer, roundsMax: 2 });
  const end = async (shape: readonly number[]) => {
    const problem = { ...plan.problem, parameters: [{ name: "kernel", shape }] };
    return (await virtualRun(rounds({ ...plan, problem }), { perform })).state.weights;
  };
  const { weightsLength } = plan;
  const vector = await end([weightsLength]);
  expect(await end([weightsLength, 1])).not.toEqual(vector);
  expect((await virtualRun(rounds(plan), { perform })).state.weights).toEqual(vector);
});

describe.each(["mada", "schedule-free"])("a run with %s", (name) => {
  const spec = {
    problem: { type: "logistic", l2: 0.01 },
    workers: 6,
    wait: { fastest: 4 },
    optimizer: chosen(name),
    stop: { rounds: 24, tolerance: 0 },
    weather: { model: "late", probability: 0.3, delayMs: 70, failures: 0.1 },
  };

  test("interrupted twice and replayed ends at the same bits, and has come down", async () => {
    const start = await scene(spec, table(80, 4, 1, true));
    const { end, segments } = await throughout(start, (count) =>
      count < 3 ? interruptAt(count * 29) : {},
    );
    expect(segments).toBe(3);
    const { events, digest } = await recorded(start);
    expect(digest).toBe(weightsDigest(wholeWeights(end.model)));
    const told = events.filter((event) => event.type === "round");
    expect(told.at(-1)!.objectiveEstimate).toBeLessThan(0.8 * told[0]!.objectiveEstimate);
    const learned = told.map(({ coefficients }) => coefficients);
    if (name !== "mada") return expect(learned).toEqual(learned.map(() => undefined));
    expect(learned[0]).toMatchObject({ rho: 0, gamma: 0.9 });
    expect(learned.at(-1)!.gamma).not.toBe(0.9);
  });

  test("its schedule goes by rounds", async () => {
    const optimizer = { ...chosen(name), schedule: { type: "inverse", after: 1 } };
    const start = await scene({ ...spec, optimizer }, table(80, 4, 1, true));
    await segment(start);
    const { events } = await recorded(start);
    const steps = events.flatMap((event) => (event.type === "round" ? [event.stepSize] : []));
    expect(steps.slice(0, 4)).toEqual([0.05, 0.05 / 2, 0.05 / 3, 0.05 / 4]);
  });
});
