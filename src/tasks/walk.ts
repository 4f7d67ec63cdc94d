import { type Random, randomFrom } from "../core/random.ts";
import type { Examples } from "../math/rows.ts";
import { addPenaltyGradient, type WeightShape } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import type { RoundTask } from "./task-kind.ts";

/** What steps along gradients of minibatches hang on. */
export interface WalkTask extends Pick<RoundTask, "weights" | "round" | "slot"> {
  /** Of every step. */
  readonly rates: Float64Array<ArrayBuffer>;
  /** Rows of a minibatch; 0 for all. */
  readonly batch: number;
  readonly momentum: number;
  readonly shape: WeightShape;
  readonly seed: number;
}

/** Where steps are taken: `here` begins at the weights, and the others are room to work in. */
export interface WalkRoom {
  readonly here: Float64Array<ArrayBuffer>;
  readonly velocity: Float64Array<ArrayBuffer> | null;
  readonly at: Float32Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
}

/** Takes the steps from `here`; returns the mean loss. */
export function walk(
  problem: Problem,
  draw: (count: number, draws: Random) => Examples,
  task: WalkTask,
  { here, velocity, at, gradient }: WalkRoom,
): number {
  const { rates, batch, momentum, shape } = task;
  const random = drawsOf(task);
  at.set(here);
  gradient.fill(0);
  let loss = 0;
  for (let h = 0; h < rates.length; h++) {
    const draws = random.fork(`step/${h}`);
    const some = draw(batch, draws);
    let count = some.targets.length;
    loss += problem.lossAndGradient(some, at, gradient, draws) / count / rates.length;
    if (problem.l2 > 0) {
      for (let j = 0; j < gradient.length; j++) gradient[j]! /= count;
      count = 1;
      addPenaltyGradient(problem.l2, here, shape, gradient);
    }
    takeStep({ here, velocity, at, gradient }, rates[h]!, momentum, count);
  }
  return loss;
}

/** Along a sum of gradients of so many rows, which is zeros then: in one go through all of it. */
function takeStep(
  { here, velocity, at, gradient }: WalkRoom,
  rate: number,
  momentum: number,
  count: number,
): void {
  for (let j = 0; j < here.length; j++) {
    let step = gradient[j]! / count;
    if (velocity !== null) velocity[j] = step += momentum * velocity[j]!;
    here[j]! -= rate * step;
    at[j] = here[j]!;
    gradient[j] = 0;
  }
}

/** What a task draws from: the same however often it is asked. */
export function drawsOf({ seed, round, slot }: WalkTask): Random {
  return rootOf(seed).fork(`round/${round}/slot/${slot}`);
}

/** The root of a run's randomness, which all of its tasks fork. */
let root: { readonly seed: number; readonly random: Random } | null = null;

export function rootOf(seed: number): Random {
  if (root?.seed !== seed) root = { seed, random: randomFrom(seed) };
  return root.random;
}
