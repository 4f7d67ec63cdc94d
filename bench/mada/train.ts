import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import type { Engine } from "../../src/tfjs/engine.ts";
import type { Corpus, CorpusPart } from "./corpus.ts";

/** What all runs of a bench have in common. */
export interface Course {
  readonly engine: Engine;
  readonly corpus: Corpus;
  readonly steps: number;
  /** Windows of a step. */
  readonly batch: number;
  /** Windows that a loss at the end is the mean over. */
  readonly windows: number;
}

export interface Trained {
  /** The mean loss over the same windows of a part for every run; not finite where it diverged. */
  lossOver(part: CorpusPart): number;
  readonly learned?: Readonly<Record<string, number>>;
}

/** A run: `seed` tells the start and the minibatches, which are the same for all optimizers. */
export function trained(course: Course, optimizer: Stepper, seed = "mada"): Trained {
  const { engine, corpus, steps, batch, windows } = course;
  const random = randomFrom(seed);
  let weights = engine.initial(random.fork("weights"));
  let asked = weights;
  let memory = optimizer.start();
  for (let round = 0; round < steps; round++) {
    const drawn = corpus.draw(batch, random.fork(`batch/${round}`));
    const gradient = meanGradient(engine, drawn, asked, random);
    const stepSize = optimizer.stepSize({ smoothness: 1, share: 1, round });
    const shrink = (point: Float64Array<ArrayBuffer>) => point;
    const moved = optimizer.move(memory, { weights, asked, gradient, stepSize, shrink });
    memory = moved.memory;
    weights = Float32Array.from(moved.weights);
    asked = moved.ask === null ? weights : Float32Array.from(moved.ask);
  }
  const learned = optimizer.learned?.(memory);
  return {
    lossOver: (part) => engine.loss(corpus.fixed(part, windows), weights) / windows,
    ...(learned === undefined ? {} : { learned }),
  };
}

function meanGradient(
  engine: Engine,
  examples: Examples,
  at: Float32Array<ArrayBuffer>,
  random: Random,
): Float64Array<ArrayBuffer> {
  const gradient = new Float64Array(at.length);
  engine.lossAndGradient(examples, at, gradient, random);
  return gradient.map((value) => value / examples.rows.rows);
}
