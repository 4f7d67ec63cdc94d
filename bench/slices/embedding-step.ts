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
  const hand = stepByHand(values, targets);
  const byHand = meanMs(41, hand);
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
  line("the same by hand, one loop over the rows", byHand);
  if (torch !== null) {
    line(`torch ${torch.version}, sparse=True`, torch.ms);
    console.log(`local steps take ${(ms.local / torch.ms).toFixed(1)} times as long as torch's`);
  }
  return { ms, byHand, before: old, torch };
}

/**
 * A bound: the step of this very network written out by hand, which makes no tensor between look-up
 * and update and adds a repeated row's slopes to the row at once.
 */
function stepByHand(ids: Float32Array, targets: Float32Array): () => void {
  const [columns, each] = [128, 8];
  const table = new Float32Array(30_000 * columns).fill(0.01);
  const outward = new Float32Array(columns).fill(0.1);
  const pooled = new Float32Array(targets.length * columns);
  const slopes = new Float32Array(targets.length);
  return () => {
    pooled.fill(0);
    const change = new Float32Array(columns);
    for (const [row, target] of targets.entries()) {
      const to = row * columns;
      for (let k = 0; k < each; k++) {
        const from = ids[row * each + k]! * columns;
        for (let j = 0; j < columns; j++) pooled[to + j]! += table[from + j]! / each;
      }
      let output = 0;
      for (let j = 0; j < columns; j++) output += pooled[to + j]! * outward[j]!;
      slopes[row] = (2 * (output - target)) / targets.length;
      for (let j = 0; j < columns; j++) change[j]! += slopes[row]! * pooled[to + j]!;
    }
    for (const [at, id] of ids.entries()) {
      const factor = (0.1 * slopes[Math.floor(at / each)]!) / each;
      const to = id * columns;
      for (let j = 0; j < columns; j++) table[to + j]! -= factor * outward[j]!;
    }
    for (let j = 0; j < columns; j++) outward[j]! -= 0.1 * change[j]!;
  };
}

function stepBefore(checkout: string): { readonly ms: number } {
  const script = `${import.meta.dirname}/step-before.ts`;
  return JSON.parse(execFileSync(process.execPath, [script, checkout]).toString());
}

function stepOfTorch(python: string): { readonly version: string; readonly ms: number } {
  const script = `${import.meta.dirname}/embedding_step.py`;
  return JSON.parse(execFileSync(python, [script]).toString());
}
