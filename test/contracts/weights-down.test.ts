import { describe, expect, test } from "vitest";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";
import { type Compute, noUsage, type Outcome } from "../../src/ports/compute.ts";
import { problems } from "../../src/problems/registry.ts";
import type { LocalStepsPlan, LocalStepsState } from "../../src/strategies/local-steps/state.ts";
import { weightsToTell } from "../../src/strategies/local-steps/weights-down.ts";
import { compressorOf } from "../../src/tasks/local-steps.ts";
import { changingWeightsCompute, withKnownWeights } from "../../src/worker/weights-down.ts";

/*
 * Laws of weights on their way down, of every compressor: what workers are told comes nearer by the
 * compressor's own gamma, a state tells the same again, and whatever is lost, repeated or begun
 * anew, a worker computes with what the orchestrator told, to the bit.
 */

type Weights = Float32Array<ArrayBuffer>;
type Down = NonNullable<LocalStepsPlan["down"]>;
const problem = problems.create({ type: "ridge" });

/** What is told after `told`, by the update of this number. */
function tell(down: Down, told: Weights, version: number, weights: Float64Array): Weights {
  const plan = { down, problem, seed: 3 } as LocalStepsPlan;
  const models = [{ version, weights: told }];
  return weightsToTell(plan, { models, version } as unknown as LocalStepsState, weights);
}

function squares(told: Weights, weights: Float64Array): number {
  return weights.reduce((sum, weight, j) => sum + (weight - told[j]!) ** 2, 0);
}

/** Few large numbers among many small ones. */
function heavy(length: number, seed: string): Float64Array<ArrayBuffer> {
  const random = randomFrom(seed);
  return Float64Array.from({ length }, () => random.normal() ** 3);
}

const members = compressors.members.flatMap(({ name, examples }) =>
  examples.map((example): [string, Down] => [
    `${name} ${JSON.stringify(example)}`,
    { type: name, ...example } as unknown as Down,
  ]),
);

describe.each(members)("weights told by %s", (_, down) => {
  const length = 40;
  const gamma = compressorOf(problem, down).contraction(length)!;

  test("come as near, in the mean, as the compressor's gamma says", () => {
    const weights = heavy(length, "near");
    const told = new Float32Array(length);
    const before = squares(told, weights);
    const draws = 60;
    let sum = 0;
    for (let draw = 0; draw < draws; draw++)
      sum += squares(tell(down, told, draw, weights), weights) / before;
    expect(sum / draws).toBeLessThan(1 - gamma + 0.5 * gamma + 1e-6);
  });

  test("come to weights that stand still, and a state tells the same again", () => {
    const weights = heavy(length, "still");
    let told: Weights = new Float32Array(length);
    const before = squares(told, weights);
    const steps = Math.ceil(8 / gamma);
    for (let step = 0; step < steps; step++) told = tell(down, told, step, weights);
    expect(squares(told, weights)).toBeLessThan(before * 20 * Math.exp(-8) + 1e-9);
    expect(tell(down, told, steps, weights)).toEqual(tell(down, told, steps, weights));
  });

  test("are those that workers compute with: losses, repetitions, beginnings anew", async () => {
    const random = randomFrom(`rough/${JSON.stringify(down)}`);
    const [slots, updates] = [3, 16];
    const environments = new Map<number, ReturnType<typeof environment>>();
    let compute = placeOf(environments, random);
    const weights = heavy(300, "moving");
    let told: Weights = new Float32Array(300);
    let answers = 0;
    for (let version = 0; version < updates; version++) {
      for (let j = 0; j < weights.length; j++) weights[j]! += random.normal() / 10;
      told = tell(down, told, version, weights);
      // An orchestrator that begins again knows of nobody what he has.
      if (version === updates / 2) compute = placeOf(environments, random);
      for (let slot = 0; slot < slots; slot++) {
        if (random.uniform() < 0.2) environments.delete(slot);
        if (random.uniform() < 0.3) continue;
        const outcome = await compute(slot, told);
        if (outcome.kind === "lost") continue;
        answers++;
        expect(outcome.result.used).toEqual(told);
      }
    }
    expect(answers).toBeGreaterThan((slots * updates) / 4);
  });
});

interface Used {
  readonly used: Weights;
}

/** A worker that says what it computed with. */
function environment() {
  return withKnownWeights(async ({ task }: { task: object }) => ({
    used: (task as { weights: Weights }).weights.slice(),
  }));
}

/** An orchestrator's side: replies are lost or come twice. */
function placeOf(
  environments: Map<number, ReturnType<typeof environment>>,
  random: ReturnType<typeof randomFrom>,
) {
  interface Task {
    readonly id: string;
    readonly slot: number;
    readonly weights: Weights;
  }
  const inner: Compute<Task, Used> = {
    async start(task, deliver) {
      const own = environments.get(task.slot) ?? environment();
      environments.set(task.slot, own);
      const result = (await own({ task })) as Used;
      const done: Outcome<Used> =
        random.uniform() < 0.2 ? { kind: "lost", reason: "lost" } : { kind: "done", result };
      deliver(done, noUsage);
      if (random.uniform() < 0.2) deliver(done, noUsage);
    },
    close: async () => {},
  };
  const compute = changingWeightsCompute(inner);
  return (slot: number, weights: Weights) =>
    new Promise<Outcome<Used>>((resolve) =>
      compute.start({ id: "t", slot, weights }, (outcome) => resolve(outcome)),
    );
}
