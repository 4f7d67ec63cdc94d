import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { fatesOf, losing, twice, virtualRun } from "../run/virtual-run.ts";
import { lawful } from "./lawful.ts";
import { type PipelinePlan, pipeline, type StageReply, type StageTask } from "./pipeline.ts";

const width = 3;
const workMs = 8;

function planFor(stages: number, microbatches: number, steps: number): PipelinePlan {
  const random = randomFrom("pipeline");
  const vector = (length: number) => Float64Array.from({ length }, () => random.normal());
  return {
    weights: Array.from({ length: stages }, () => vector(width * width)),
    inputs: Array.from({ length: microbatches }, () => vector(width)),
    steps,
    stepSize: 0.1,
  };
}

/** A stage is h = tanh(W x); the loss is the sum of the squares of the last h, halved. */
function perform({ pass, weights, input, slope }: StageTask): StageReply {
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
    const inner = (slope === null ? output[i]! : slope[i]!) * (1 - output[i]! * output[i]!);
    for (let j = 0; j < width; j++) {
      gradient[i * width + j] = inner * input[j]!;
      onward[j]! += inner * weights[i * width + j]!;
    }
  }
  return { onward, gradient };
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

describe("a pipeline on the loop", () => {
  it.each([
    [2, 1],
    [2, 4],
    [2, 7],
    [3, 5],
    [4, 8],
    [4, 2],
  ])("of %i stages takes 2t(M + S - 1) for %i microbatches", async (stages, microbatches) => {
    const end = await virtualRun(lawful(pipeline(planFor(stages, microbatches, 1))), {
      perform,
      workMs,
    });
    expect(end.elapsedMs).toBe(2 * workMs * (microbatches + stages - 1));
  });

  const plan = planFor(2, 6, 4);
  const sky = { model: "late", probability: 0.3, delayMs: 50, failures: 0.1, hangs: 0.01 };
  it.each([
    ["calm weather", {}],
    ["late and failing replies", { fateOf: fatesOf(sky) }],
    ["every fifth reply lost", { around: losing(0.2) }],
    ["every reply repeated", { around: twice(null), fateOf: fatesOf(sky) }],
    ["every reply repeated later", { around: twice(21), fateOf: fatesOf(sky) }],
  ])("equals the chain rule to the bit in %s", async (_how, weather) => {
    const end = await virtualRun(lawful(pipeline(plan)), { perform, workMs, ...weather });
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.state.weights.map((own) => [...own])).toEqual(chainRule(plan));
    const least = plan.steps * 2 * workMs * (plan.inputs.length + 1);
    expect(end.elapsedMs).toBeGreaterThanOrEqual(least);
  });

  it("goes on from a checkpoint to the same bits", async () => {
    const whole = await virtualRun(pipeline(plan), { perform });
    const rest = await virtualRun(lawful(pipeline(plan)), { perform, from: whole.saved[1]! });
    expect(rest.state.weights).toEqual(whole.state.weights);
    expect(rest.elapsedMs).toBe(whole.elapsedMs);
  });
});
