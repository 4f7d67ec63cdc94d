import { execFileSync } from "node:child_process";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import { writePresent } from "../../src/math/slices/present.ts";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { takeSlicedSteps } from "../../src/tasks/sliced-steps.ts";
import { networkOf } from "../../test/problems/networks.ts";
import { doubleParts } from "./double-parts.ts";
import { meanMs, medianOf, processMs } from "./timing.ts";
import { openTorchSteps } from "./torch-steps.ts";

/** What else is timed beside: an older checkout of kofn, and a Python that has torch. */
export interface Others {
  readonly before: string | undefined;
  readonly python: string | undefined;
}

const steps = 40;
const turns = 15;
/** Local steps take at most so many times as long as torch's. */
const torchTimesMax = 2;
/** And the step before at least so many times as long as those. */
const beforeTimesMin = 3;

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
    const parts = doubleParts(problem.slicedGradient!(examples, weights, "auto")!.parts);
    const moved = sgd.moveParts!(sgd.start(), { weights, parts, stepSize, tensors })!;
    const next = weights.slice();
    writePresent(next, moved.parts, tensors);
    return next;
  };
  const stepsOf = (count: number) => () => {
    const rates = new Float64Array(count).fill(0.1);
    const task = { id: "", round: 0, slot: 0, weights, rates, batch: 0, seed: 1 };
    return takeSlicedSteps(problem, examples, task);
  };
  const ms = {
    dense: meanMs(7, dense),
    byRows: meanMs(21, byRows),
  };
  const hand = stepByHand(values, targets);
  const local = await byTurns(stepsOf, hand, python);
  const whole = denseGradient(problem.slicedGradient!(examples, weights, "auto")!.parts, tensors);
  const sum = new Float64Array(weights.length);
  problem.lossAndGradient(examples, weights, sum);
  if (!whole.every((value, i) => value === sum[i])) throw new Error("the gradients differ");
  const old = before === undefined ? null : stepBefore(before);
  console.log("\nstep of an embedding of 30,000 x 128, 2,048 ids, one thread");
  const line = (what: string, one: number) => {
    const times = old === null ? "" : `${(old.ms / one).toFixed(1).padStart(8)} times as fast`;
    console.log(`${what.padEnd(52)}${one.toFixed(2).padStart(9)} ms${times}`);
  };
  if (old !== null) line("dense, by the checkout before", old.ms);
  line("dense", ms.dense);
  line("by rows, new weights every time (a round)", ms.byRows);
  line("by rows, one after another (local steps)", local.ours);
  line("the same by hand, one loop over the rows", local.byHand);
  if (local.torch !== null) {
    const { version, ms: theirs, times } = local.torch;
    line(`torch ${version}, sparse=True`, theirs);
    console.log(`local steps take ${times.toFixed(2)} times as long as torch's, by turns`);
    if (times > torchTimesMax)
      throw new Error(`local steps take ${times} times as long as torch's`);
  }
  if (old !== null && old.ms < beforeTimesMin * local.ours)
    throw new Error(`only ${old.ms / local.ours} times as fast as before`);
  return { ms, local, before: old };
}

/**
 * Local steps, the bound by hand and torch's steps, one after the other again and again, so that
 * whatever else the machine does slows all of them; medians, of times on a processor.
 */
async function byTurns(
  stepsOf: (count: number) => () => unknown,
  hand: () => void,
  python: string | undefined,
) {
  const torch = python === undefined ? null : await openTorchSteps(python);
  const all: { ours: number; byHand: number; theirs: number }[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const ours = (processMs(stepsOf(1 + steps)) - processMs(stepsOf(1))) / steps;
    const byHand = meanMs(steps, hand);
    all.push({ ours, byHand, theirs: (await torch?.msOf(steps)) ?? 0 });
  }
  torch?.close();
  const ours = medianOf(all.map((turn) => turn.ours));
  const byHand = medianOf(all.map((turn) => turn.byHand));
  if (torch === null) return { ours, byHand, torch };
  const ms = medianOf(all.map(({ theirs }) => theirs));
  const times = medianOf(all.map((turn) => turn.ours / turn.theirs));
  return { ours, byHand, torch: { version: torch.version, ms, times } };
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
