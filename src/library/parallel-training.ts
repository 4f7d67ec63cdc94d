import { RunError } from "../core/errors.ts";
import { randomFrom } from "../core/random.ts";
import { parted } from "../strategies/pipeline/definition.ts";
import { MicrobatchOutputs } from "./microbatch-outputs.ts";
import {
  type HeldPart,
  type HeldStages,
  passStep,
  setStages,
  updateParts,
} from "./parallel-step.ts";

/** Rows, [rows, ...], or one number a row. */
export type StepRows =
  | ArrayLike<number>
  | { readonly shape: readonly number[]; dataSync(): ArrayLike<number> }
  | { readonly shape: readonly number[]; readonly data: ArrayLike<number> };

export interface ParallelStep {
  /** Of each microbatch the mean loss over its examples: `loss.reduceMean()` is the batch's. */
  readonly loss: MicrobatchOutputs;
  /** The model's first output of each microbatch, before a softmax or sigmoid of its last layer. */
  readonly outputs: MicrobatchOutputs;
  /** Euclidean norm of the mean gradient, each shared weight in it once. */
  readonly gradientNorm: number;
}

/** How a model in stages is trained. */
export interface ParallelSettings {
  readonly batch: number;
  readonly microbatches: number;
  readonly seed: number;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
}

/** Where training has come to. */
export interface ParallelState {
  parts: readonly HeldPart[];
  step: number;
}

/** One step on some rows, which moves the state. */
export async function stepOn(
  of: HeldStages,
  state: ParallelState,
  { microbatches: count, inputShape, outputShape }: ParallelSettings,
  { values, targets }: NumberRows,
): Promise<ParallelStep> {
  const { length: rows } = targets;
  if (rows < count) throw refused(`${rows} rows for ${count} microbatches`, "hand it more rows");
  const width = shapeSize(inputShape);
  const examples = parted(rows, count);
  let from = 0;
  const microbatches = examples.map((own) => {
    from += own;
    return {
      values: values.subarray((from - own) * width, from * width),
      targets: targets.subarray(from - own, from),
      examples: own,
    };
  });
  const { step } = state;
  setStages(of, state.parts, step);
  const { losses, outputs, slopes } = passStep(of, microbatches, step);
  const { parts, gradientNorm } = await updateParts(of, state.parts, step, { slopes, examples });
  Object.assign(state, { parts, step: step + 1 });
  const means = losses.map((sum, i) => ({ shape: [], data: Float32Array.of(sum / examples[i]!) }));
  const made = outputs.map((data, i) => ({ shape: [examples[i]!, ...outputShape], data }));
  return {
    loss: new MicrobatchOutputs(means, examples),
    outputs: new MicrobatchOutputs(made, examples),
    gradientNorm,
  };
}

/** Steps over all rows, each epoch in an order of its own: each epoch's mean loss. */
export async function fitOn(
  of: HeldStages,
  state: ParallelState,
  settings: ParallelSettings,
  { values, targets }: NumberRows,
  epochs: number,
): Promise<number[]> {
  const { batch, seed, inputShape } = settings;
  const width = shapeSize(inputShape);
  const means: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rows = randomFrom(seed).fork(`epoch/${epoch}`).permutation(targets.length);
    let sum = 0;
    for (let from = 0; from < rows.length; from += batch) {
      const own = rows.slice(from, from + batch);
      const picked = {
        values: joinedFloats(
          Array.from(own, (row) => values.subarray(row * width, (row + 1) * width)),
        ),
        targets: Float32Array.from(own, (row) => targets[row]!),
      };
      const { loss } = await stepOn(of, state, settings, picked);
      sum += loss.reduceMean().data[0]! * own.length;
    }
    means.push(sum / rows.length);
  }
  return means;
}

export interface NumberRows {
  readonly values: Float32Array;
  readonly targets: Float32Array;
}

/** Rows and their targets as numbers. Throws `RunError` where they do not fit each other. */
export function rowsOf(x: StepRows, y: StepRows, inputShape: readonly number[]): NumberRows {
  const width = shapeSize(inputShape);
  const values = numbersOf(x);
  const targets = numbersOf(y);
  if (values.length !== targets.length * width)
    throw refused(
      `${targets.length} targets for ${values.length} numbers, ${width} a row`,
      "hand it a number for each row: of classes the class's",
    );
  return { values, targets };
}

function numbersOf(rows: StepRows): Float32Array {
  if ("dataSync" in rows) return Float32Array.from(rows.dataSync());
  return Float32Array.from("data" in rows ? rows.data : rows);
}

export const shapeSize = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

export function joinedFloats(list: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(list.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const one of list) {
    all.set(one, at);
    at += one.length;
  }
  return all;
}

function refused(what: string, hint: string): RunError {
  return new RunError("bad-shape", `modelParallel: ${what}`, { hint });
}
