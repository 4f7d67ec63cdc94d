import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Compute } from "../../src/ports/compute.ts";
import type { VirtualClock } from "../../src/simulation/virtual-clock.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { stepObjectsPrefix } from "../../src/store-layout.ts";
import { releasingCompute, withObjects } from "../../src/worker/objects.ts";
import { lawful } from "../engine/lawful.ts";
import { fatesOf, losing, twice, virtualRun } from "../run/virtual-run.ts";
import {
  type PipelinePlan,
  type PipelineState,
  pipeline,
  type StageReply,
  type StageTask,
} from "./pipeline.ts";

const width = 3;
const workMs = 8;

function planFor(stages: number, microbatches: number, steps: number, replicas = 1): PipelinePlan {
  const random = randomFrom("pipeline");
  const vector = (length: number) => Float64Array.from({ length }, () => random.normal());
  return {
    weights: Array.from({ length: stages }, () => vector(width * width)),
    inputs: Array.from({ length: microbatches }, () => vector(width)),
    steps,
    stepSize: 0.1,
    replicas,
  };
}

/** A stage is h = tanh(W x); the loss is the sum of the squares of the last h, halved. */
function stageReply({ pass, weights, input: given, slope }: StageTask): StageReply {
  const input = given!;
  const output = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += weights[i * width + j]! * input[j]!;
    output[i] = Math.tanh(sum);
  }
  if (pass === "forward") return { onward: output, gradient: null };
  const onward = new Float64Array(width);
  const gradient = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    const inner = (slope === undefined ? output[i]! : slope[i]!) * (1 - output[i]! * output[i]!);
    for (let j = 0; j < width; j++) {
      gradient[i * width + j] = inner * input[j]!;
      onward[j]! += inner * weights[i * width + j]!;
    }
  }
  return { onward, gradient };
}

/** Workers before a store of their own, and what is in it. */
function place(around = (one: Compute<StageTask, StageReply>) => one) {
  const store = memoryStore();
  const work = withObjects(store, ({ task }: { run: string; task: StageTask }) => stageReply(task));
  return {
    objects: () => store.list(stepObjectsPrefix("r")),
    perform: (task: StageTask) => work({ run: "r", task }),
    around: (inner: Compute<StageTask, StageReply>) => releasingCompute(around(inner), store, "r"),
  };
}

/** The chain rule written out for two stages, one microbatch after another. */
function chainRule({ weights, inputs, steps, stepSize }: PipelinePlan): number[][] {
  let [first, second] = weights.map((own) => [...own]) as [number[], number[]];
  const layer = (w: readonly number[], x: readonly number[]) =>
    [0, 1, 2].map((i) =>
      Math.tanh(w[3 * i]! * x[0]! + w[3 * i + 1]! * x[1]! + w[3 * i + 2]! * x[2]!),
    );
  for (let step = 0; step < steps; step++) {
    const firstSum = first.map(() => 0);
    const secondSum = second.map(() => 0);
    for (const given of inputs) {
      const x = [...given];
      const h = layer(first, x);
      const o = layer(second, h);
      const outer = o.map((value) => value * (1 - value * value));
      const reached = h.map((_, j) =>
        [0, 1, 2].reduce((sum, i) => sum + outer[i]! * second[3 * i + j]!, 0),
      );
      const inner = h.map((value, j) => reached[j]! * (1 - value * value));
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          secondSum[3 * i + j]! += outer[i]! * h[j]!;
          firstSum[3 * i + j]! += inner[i]! * x[j]!;
        }
      }
    }
    first = first.map((value, at) => value + -stepSize * firstSum[at]!);
    second = second.map((value, at) => value + -stepSize * secondSum[at]!);
  }
  return [first, second];
}

describe("a pipeline as a graph", () => {
  it.each([
    [2, 1],
    [2, 4],
    [2, 7],
    [3, 5],
    [4, 8],
    [4, 2],
  ])("of %i stages takes 2t(M + S - 1) for %i microbatches", async (stages, microbatches) => {
    const end = await virtualRun(lawful(pipeline(planFor(stages, microbatches, 1))), {
      ...place(),
      workMs,
    });
    expect(end.elapsedMs).toBe(2 * workMs * (microbatches + stages - 1));
  });

  const sky = { model: "late", probability: 0.3, delayMs: 50, failures: 0.1, hangs: 0.01 };
  const fateOf = fatesOf(sky);
  it.each([
    ["calm weather", 1, place(), {}],
    ["late and failing replies", 1, place(), { fateOf }],
    ["every fifth reply lost", 1, place(losing(0.2)), {}],
    ["every reply repeated", 1, place(), { repeated: null, fateOf }],
    ["every reply repeated later", 1, place(), { repeated: 21, fateOf }],
    ["late and failing replies of two replicas", 2, place(), { fateOf }],
    ["every fifth reply of three replicas lost", 3, place(losing(0.2)), {}],
  ] as const)("equals the chain rule to the bit in %s", async (_how, replicas, at, weather) => {
    const plan = planFor(2, 6, 4, replicas);
    const { repeated, ...fates } = { repeated: undefined, ...weather };
    const around = (inner: Compute<StageTask, StageReply>, clock: VirtualClock) =>
      at.around(repeated === undefined ? inner : twice(repeated)(inner, clock));
    const run = { workMs, perform: at.perform, around, ...fates };
    const end = await virtualRun(lawful(pipeline(plan)), run);
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.weights.map((own) => [...own])).toEqual(chainRule(plan));
    const least = plan.steps * 2 * workMs * (plan.inputs.length + 1);
    expect(end.elapsedMs).toBeGreaterThanOrEqual(least);
  });

  const plan = planFor(2, 6, 4);
  it("goes on from a checkpoint to the same bits", async () => {
    const whole = await virtualRun(pipeline(plan), place());
    const from = whole.saved[1]!;
    const rest = await virtualRun(lawful(pipeline(plan)), { ...place(), from });
    expect(rest.state.weights).toEqual(whole.state.weights);
    expect(rest.elapsedMs).toBe(whole.elapsedMs);
  });

  it("begins its step anew from a state within it", async () => {
    const states: PipelineState[] = [];
    const whole = await virtualRun(noted(pipeline(plan), states), place());
    const within = states.find(({ step, doneCount }) => step === 2 && doneCount === 9)!;
    const from = { state: within, elapsedMs: 0 };
    const rest = await virtualRun(lawful(pipeline(plan)), { ...place(), from });
    expect(rest.state.weights).toEqual(whole.state.weights);
  });

  it("keeps activations out of every state, and in the store for one step alone", async () => {
    const states: PipelineState[] = [];
    const at = place();
    await virtualRun(noted(pipeline(plan), states), at);
    expect(states.length).toBeGreaterThan(90);
    for (const state of states)
      expect(lengthsIn(state).every((length) => length === width * width)).toBe(true);
    const stages = plan.weights.length;
    const objects = await at.objects();
    expect(objects).toHaveLength(2 * plan.inputs.length * stages);
    expect(objects.every((key) => key.includes(`/objects/${plan.steps - 1}/`))).toBe(true);
  });
});

/** Adds every state to `states`. */
function noted(one: ReturnType<typeof pipeline>, states: PipelineState[]): typeof one {
  return {
    ...one,
    receive(state, arrival, atMs) {
      const step = one.receive(state, arrival, atMs);
      states.push(step.state);
      return step;
    },
  };
}

/** Of all arrays in a value. */
function lengthsIn(value: unknown): number[] {
  if (value instanceof Float64Array) return [value.length];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(lengthsIn);
}
