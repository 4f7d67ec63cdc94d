import { execFileSync } from "node:child_process";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import { writePresent } from "../../src/math/slices/present.ts";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { takeSlicedSteps } from "../../src/tasks/sliced-steps.ts";
import { networkOf } from "../../test/problems/networks.ts";
import { meanMs } from "./timing.ts";

/** What else is timed beside: an older checkout of kofn, and a Python that has torch. */
export interface Others {
  readonly before: string | undefined;
  readonly python: string | undefined;
}

const steps = 20;

/**
 * A step of an embedding of 30,000 x 128 with 2,048 ids, gradient and plain gradient descent: as a
 * worker takes it, one local step after another; as a round takes it, whose weights are new every
 * time; and the same with all weights, dense.
 */
export async function embeddingStep({ before, python }: Others) {
  const problem = await networkOf(`${import.meta.dirname}/table.ts`, { loss: "meanSquaredError" });
  const tensors = problem.parameters!;
  const random = randomFrom("ids");
  const values = Float32Array.from({ length: 2_048 }, () => random.integer(30_000));
  const targets = Float32Array.from({ length: 256 }, () => random.normal());
  const examples: Examples = { rows: { kind: "dense", rows: 256, columns: 8, values }, targets };
  const weights = problem.initial!(randomFrom(1));
  const sgd = optimizers.create({ type: "sgd", learningRate: 0.1 } as never) as Stepper;
  const stepSize = 0.1 / 256;
  const dense = () => {
    const sum = new Float64Array(weights.length);
    problem.lossAndGradient(examples, weights, sum);
    const gradient = Float64Array.from(new Float32Array(sum));
    const shrink = (point: Float64Array<ArrayBuffer>) => point;
    const here = { weights, asked: weights, gradient, stepSize, tensors, shrink };
    return Float32Array.from(sgd.move(sgd.start(), here).weights);
  };
  const byRows = () => {
    const { parts } = problem.slicedGradient!(examples, weights, "auto")!;
    const moved = sgd.moveParts!(sgd.start(), { weights, parts, stepSize, tensors })!;
    const next = weights.slice();
    writePresent(next, moved.parts, tensors);
    return next;
  };
  const local = (count: number) => () => {
    const rates = new Float64Array(count).fill(0.1);
    const task = { id: "", round: 0, slot: 0, weights, rates, batch: 256, seed: 1 };
    return takeSlicedSteps(problem, examples, task);
  };
  const ms = {
    dense: meanMs(7, dense),
    byRows: meanMs(21, byRows),
    local: (meanMs(9, local(1 + steps)) - meanMs(9, local(1))) / steps,
  };
  const whole = denseGradient(problem.slicedGradient!(examples, weights, "auto")!.parts, tensors);
  const sum = new Float64Array(weights.length);
  problem.lossAndGradient(examples, weights, sum);
  if (!whole.every((value, i) => value === sum[i])) throw new Error("the gradients differ");
  const old = before === undefined ? null : stepBefore(before);
  const torch = python === undefined ? null : stepOfTorch(python);
  console.log("\nstep of an embedding of 30,000 x 128, 2,048 ids, one thread");
  const line = (what: string, one: number) => {
    const times = old === null ? "" : `${(old.ms / one).toFixed(1).padStart(8)} times as fast`;
    console.log(`${what.padEnd(52)}${one.toFixed(2).padStart(9)} ms${times}`);
  };
  if (old !== null) line("dense, by the checkout before", old.ms);
  line("dense", ms.dense);
  line("by rows, new weights every time (a round)", ms.byRows);
  line("by rows, one after another (local steps)", ms.local);
  if (torch !== null) {
    line(`torch ${torch.version}, sparse=True`, torch.ms);
    console.log(`local steps take ${(ms.local / torch.ms).toFixed(1)} times as long as torch's`);
  }
  return { ms, before: old, torch };
}

function stepBefore(checkout: string): { readonly ms: number } {
  const script = `${import.meta.dirname}/step-before.ts`;
  return JSON.parse(execFileSync(process.execPath, [script, checkout]).toString());
}

function stepOfTorch(python: string): { readonly version: string; readonly ms: number } {
  const script = `${import.meta.dirname}/embedding_step.py`;
  return JSON.parse(execFileSync(python, [script]).toString());
}
