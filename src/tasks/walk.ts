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
  let loss = 0;
  for (let h = 0; h < rates.length; h++) {
    const draws = random.fork(`step/${h}`);
    const some = draw(batch, draws);
    for (let j = 0; j < here.length; j++) at[j] = here[j]!;
    const count = some.targets.length;
    gradient.fill(0);
    loss += problem.lossAndGradient(some, at, gradient, draws) / count / rates.length;
    for (let j = 0; j < gradient.length; j++) gradient[j]! /= count;
    if (problem.l2 > 0) addPenaltyGradient(problem.l2, here, shape, gradient);
    for (let j = 0; j < here.length; j++) {
      const step = velocity === null ? gradient[j]! : momentum * velocity[j]! + gradient[j]!;
      if (velocity !== null) velocity[j] = step;
      here[j]! -= rates[h]! * step;
    }
  }
  return loss;
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
