import { RunError } from "../core/errors.ts";

/** Numbers with a shape, the last axis running fastest. */
export interface NumberTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What the microbatches of a step have made, one after another. */
export class MicrobatchOutputs {
  /** A tensor for each microbatch. */
  readonly outputs: readonly NumberTensor[];
  /** Examples of each. */
  readonly examples: readonly number[];

  constructor(outputs: readonly NumberTensor[], examples: readonly number[]) {
    this.outputs = outputs;
    this.examples = examples;
  }

  /** All examples, in their order: [examples, ...]. */
  concat(): NumberTensor {
    const [first] = this.outputs as [NumberTensor];
    if (first.shape.length === 0)
      throw refused("concat: a number of each microbatch has no axis of examples", "use stack");
    const shape = [this.examples.reduce((a, b) => a + b, 0), ...first.shape.slice(1)];
    return { shape, data: joined(this.outputs) };
  }

  /** [microbatches, ...]. Throws `RunError` where they are unequal. */
  stack(): NumberTensor {
    const shape = this.commonShape("stack");
    return { shape: [this.outputs.length, ...shape], data: joined(this.outputs) };
  }

  /** Number by number over microbatches. Throws `RunError` where they are unequal. */
  reduceSum(): NumberTensor {
    const shape = this.commonShape("reduceSum");
    return { shape, data: this.weighed(() => 1) };
  }

  /**
   * The mean over microbatches, each counting as many times as it has examples: a loss's is that of
   * all examples. Throws `RunError` where tensors are of unequal shapes.
   */
  reduceMean(): NumberTensor {
    const shape = this.commonShape("reduceMean");
    const count = this.examples.reduce((a, b) => a + b, 0);
    return { shape, data: this.weighed((microbatch) => this.examples[microbatch]! / count) };
  }

  private weighed(weightOf: (microbatch: number) => number): Float32Array {
    const sum = new Float64Array(this.outputs[0]!.data.length);
    for (const [microbatch, { data }] of this.outputs.entries()) {
      const weight = weightOf(microbatch);
      for (let i = 0; i < sum.length; i++) sum[i]! += weight * data[i]!;
    }
    return Float32Array.from(sum);
  }

  private commonShape(what: string): readonly number[] {
    const first = this.outputs[0]!;
    const other = this.outputs.find(({ shape }) => shape.join() !== first.shape.join());
    if (other === undefined) return first.shape;
    throw refused(
      `${what}: microbatches have the shapes [${first.shape}] and [${other.shape}]`,
      "use concat, or a batch that divides by the microbatches",
    );
  }
}

function joined(list: readonly NumberTensor[]): Float32Array {
  const data = new Float32Array(list.reduce((sum, one) => sum + one.data.length, 0));
  let at = 0;
  for (const one of list) {
    data.set(one.data, at);
    at += one.data.length;
  }
  return data;
}

function refused(what: string, hint: string): RunError {
  return new RunError("bad-shape", what, { hint });
}
