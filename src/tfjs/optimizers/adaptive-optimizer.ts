import * as tf from "@tensorflow/tfjs-core";
import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import { parseOptions } from "../../core/registry.ts";
import type { Adaptive } from "../../optimizers/adaptive/adaptive.ts";
import { advance, type Flat, type UpdateRule } from "../../optimizers/adaptive/core.ts";
import { askedAtWeights, averages } from "./averaging.ts";
import { NamedState, type SlotParts } from "./named-state.ts";
import {
  assign,
  fromConfig,
  fromFloat64Words,
  gather,
  scatter,
  toConfig,
  toFloat64Words,
  variableOf,
} from "./variables.ts";

export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}

/**
 * A method as a TensorFlow.js optimizer. It computes on the host in double precision, by the very
 * arithmetic that a run uses, and holds no tensors: where the backend keeps its data there (plain,
 * WASM, native) that costs copies; on a GPU gradients and weights are read back at every step.
 */
export class AdaptiveOptimizer extends tf.Optimizer {
  readonly #method: UpdateRule;
  readonly #options: object;
  readonly #state: NamedState;
  #weights: Flat = new Float64Array(0);
  #gradient: Flat = new Float64Array(0);
  /** What getWeights gave last: its tensors are ours to free. */
  #told: readonly NamedTensor[] = [];
  /** What training goes on with, by name, while variables show their averages. */
  #hidden: ReadonlyMap<string, Float32Array> | null = null;

  constructor(method: UpdateRule, options: object) {
    super();
    if (method.lazy === true)
      throw new RunError("bad-combination", "lazy: TensorFlow.js hands over dense gradients", {
        hint: "leave lazy out, or train by kofn run",
      });
    this.#method = { ...method, core: askedAtWeights(method.core) };
    this.#options = options;
    this.#state = new NamedState(this.#method.core);
  }

  applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    if (this.#hidden !== null) throw averagesShown("applyGradients");
    const pairs = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients);
    // A variable that the loss does not depend on has none.
    const present = pairs.filter(([, tensor]) => tensor !== null && tensor !== undefined);
    const variables = present.map(([name]) => variableOf(name));
    const total = variables.reduce((sum, { size }) => sum + size, 0);
    if (this.#weights.length !== total) {
      this.#weights = new Float64Array(total);
      this.#gradient = new Float64Array(total);
    }
    const [weights, gradient] = [this.#weights, this.#gradient];
    gather(variables, weights);
    const tensors = present.map(([, tensor]) => tensor);
    gather(tensors, gradient);
    const state = this.#state.over(variables);
    const rate = this.#method.rateAt(state.step);
    const here = { weights, asked: weights, gradient, rate, tensors: variables };
    this.#state.moveTo(advance(this.#method, state, here));
    scatter(weights, variables);
    this.incrementIterations();
  }

  /** What it has learned about itself by now; empty for methods that learn nothing. */
  learned(): Readonly<Record<string, number>> {
    const { step, numbers } = this.#state;
    if (step === 0) return {};
    return this.#method.core.learned?.({ step, numbers, slots: {} }) ?? {};
  }

  /** The model of `scheduleFree` is an average: puts it into the variables, to evaluate or save. */
  showAverages(): void {
    if (this.#hidden !== null) return;
    const hidden = new Map<string, Float32Array>();
    for (const [name, parts] of this.#state.named()) {
      const values = parts[averages];
      if (values === undefined) return;
      const variable = variableOf(name);
      hidden.set(name, Float32Array.from(variable.dataSync()));
      assign(variable, Float32Array.from(values));
    }
    this.#hidden = hidden;
  }

  /** Puts back what `showAverages` took away. */
  goOnTraining(): void {
    for (const [name, values] of this.#hidden ?? []) assign(variableOf(name), values);
    this.#hidden = null;
  }

  getConfig(): tf.serialization.ConfigDict {
    return toConfig(this.#options) as tf.serialization.ConfigDict;
  }

  /** All it needs to go on bit for bit. The tensors are freed at the next call, or by `dispose`. */
  override async getWeights(): Promise<NamedTensor[]> {
    if (this.#hidden !== null) throw averagesShown("getWeights");
    this.#free();
    const namedTensors: NamedTensor[] = [
      { name: "iter", tensor: tf.scalar(this.#state.step, "int32") },
    ];
    for (const [name, values] of Object.entries(this.#state.numbers))
      namedTensors.push({
        name: `${this.getClassName()}/${name}`,
        tensor: toFloat64Words(values, [values.length]),
      });
    for (const [variable, parts] of this.#state.named()) {
      const shape = this.#state.shapeOf(variable);
      for (const [slot, values] of Object.entries(parts)) {
        const tensor = toFloat64Words(values, shape ?? [values.length]);
        namedTensors.push({ name: `${variable}/${slot}`, tensor });
      }
    }
    this.#told = namedTensors;
    return namedTensors;
  }

  override async setWeights(namedTensors: NamedTensor[]): Promise<void> {
    const [iterations, ...rest] = namedTensors;
    const step = iterations?.name === "iter" ? Number((await iterations.tensor.data())[0]) : -1;
    if (!(Number.isSafeInteger(step) && step >= 0))
      throw new RunError(
        "bad-state",
        "setWeights: the first tensor is not iter, a count of steps",
        {
          hint: "hand it what getWeights() gave, in the same order",
        },
      );
    const numbers: Record<string, Flat> = {};
    const parts = new Map<string, SlotParts>();
    for (const { name, tensor } of rest) {
      const border = name.lastIndexOf("/");
      const [owner, own] = [name.slice(0, border), name.slice(border + 1)];
      const values = await fromFloat64Words(name, tensor);
      if (owner === this.getClassName()) numbers[own] = values;
      else parts.set(owner, { ...parts.get(owner), [own]: values });
    }
    this.#state.load(step, numbers, parts);
    this.#hidden = null;
    this.iterations_ = step;
  }

  /** Forgets all it knew. */
  override dispose(): void {
    this.#free();
    this.#state.load(0, {}, new Map());
    this.#hidden = null;
    this.iterations_ = 0;
  }

  #free(): void {
    for (const { tensor } of this.#told) tensor.dispose();
    this.#told = [];
  }
}

function averagesShown(call: string): RunError {
  return new RunError("averages-shown", `${call}: the variables hold averages`, {
    hint: "call goOnTraining() before training or saving the optimizer's state",
  });
}

/** Registers a method's class, so that saved models can name it, and returns its maker. */
export function defineOptimizer<Shape extends z.ZodRawShape>(
  one: Adaptive<Shape>,
  className: string,
) {
  class Own extends AdaptiveOptimizer {
    static get className(): string {
      return className;
    }

    constructor(config: object) {
      const options = parseOptions(z.strictObject(one.options), config, one.name);
      super(one.method(options), options);
    }

    static override fromConfig<T extends tf.serialization.Serializable>(
      own: tf.serialization.SerializableConstructor<T>,
      config: tf.serialization.ConfigDict,
    ): T {
      // Layers put this into every configuration that they read.
      const { customObjects: _, ...options } = config;
      return new own(fromConfig(options));
    }
  }
  tf.serialization.registerClass(Own, "kofn");
  return (options: z.input<z.ZodObject<Shape>> = {} as never): AdaptiveOptimizer =>
    new Own(options as object);
}
