import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { assert } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import {
  type BackendChoice,
  type OpenedBackend,
  openTensorBackend,
  useBackend,
} from "./backend.ts";
import { weightCount, weightVariables } from "./definition.ts";
import { type LossOfOutputs, lossNode } from "./loss-node.ts";
import { withSeededRandom } from "./seeded-random.ts";
import { initialWeights, setWeights } from "./trainer.ts";
import { type TransformerSizes, transformerParts } from "./transformer.ts";
import { openWholeModel } from "./whole-model.ts";

/** Token numbers, a sentence a row, 0 where one is over. */
export interface TokenRows {
  readonly rows: number;
  readonly length: number;
  readonly tokens: Int32Array;
}

/** A Transformer at any flat weights. */
export interface Translator {
  readonly backend: OpenedBackend;
  readonly weightsLength: number;
  initial(random: Random): Float32Array<ArrayBuffer>;
  /**
   * The loss at the scores of every target position, a row after another; its gradient is added.
   * `target` begins with the beginning's token. Draws dropout from `random`.
   */
  addGradient(
    source: TokenRows,
    target: TokenRows,
    weights: Float32Array,
    loss: LossOfOutputs,
    gradient: Float64Array,
    random: Random,
  ): number;
  /** The scores as for prediction: [row, position, token]. */
  scores(source: TokenRows, target: TokenRows, weights: Float32Array): Float32Array;
  /** Encodes sentences once, to be asked for the tokens that may come next. */
  read(source: TokenRows, weights: Float32Array): ReadSentences;
}

/** Sentences that were encoded. Must be closed. */
export interface ReadSentences {
  /** The scores of each prefix's next token, a block a prefix; row `owners[i]` is being told. */
  next(prefixes: TokenRows, owners: readonly number[]): Float32Array;
  close(): void;
}

/** The Transformer of a stored definition. */
export async function openTranslator(
  bytes: Uint8Array,
  key: string,
  { backend: choice, sizes }: { readonly backend: BackendChoice; readonly sizes: TransformerSizes },
): Promise<Translator> {
  const backend = await openTensorBackend(choice);
  const { model } = await openWholeModel(bytes, key, false);
  const variables = weightVariables(model);
  const weightsLength = weightCount(variables);
  const set = (weights: Float32Array) => {
    useBackend(backend);
    assert(weights.length === weightsLength, "weights are as long as the network has them");
    setWeights(variables, weights);
  };
  const parts = transformerParts(model, sizes);
  return {
    backend,
    weightsLength,
    initial(random) {
      useBackend(backend);
      return initialWeights(model, variables, {}, random);
    },
    addGradient(source, target, weights, loss, gradient, random) {
      set(weights);
      return withSeededRandom(random, () =>
        addSlopes(model, variables, [source, target], loss, gradient),
      );
    },
    scores(source, target, weights) {
      set(weights);
      return valuesOf(() => applied(model, [source, target].map(tensorOf), false));
    },
    read(source, weights) {
      set(weights);
      return readSentences(parts, source);
    },
  };
}

function tensorOf({ rows, length, tokens }: TokenRows): tf.Tensor {
  return tf.tensor(tokens, [rows, length], "int32");
}

function applied(model: LayersModel, inputs: tf.Tensor[], training: boolean): tf.Tensor {
  return model.apply(inputs.length === 1 ? inputs[0]! : inputs, { training }) as tf.Tensor;
}

/** Not what `tidy` returns: it looks for tensors in that, number by number. */
function valuesOf(work: () => tf.Tensor): Float32Array {
  const outputs = tf.tidy(work);
  const values = outputs.dataSync() as Float32Array;
  outputs.dispose();
  return values;
}

function addSlopes(
  model: LayersModel,
  variables: ReturnType<typeof weightVariables>,
  inputs: readonly TokenRows[],
  loss: LossOfOutputs,
  gradient: Float64Array,
): number {
  const record = { loss: 0 };
  tf.tidy(() => {
    const whole = () => lossNode(applied(model, inputs.map(tensorOf), true), loss, record);
    const { grads } = tf.variableGrads(
      whole,
      variables.map(({ variable }) => variable),
    );
    let at = 0;
    for (const { variable } of variables) {
      const own = grads[variable.name]?.dataSync() as Float32Array | undefined;
      if (own !== undefined) for (let i = 0; i < own.length; i++) gradient[at + i]! += own[i]!;
      at += variable.size;
    }
  });
  return record.loss;
}

function readSentences(
  { encoder, decoder, output }: ReturnType<typeof transformerParts>,
  source: TokenRows,
): ReadSentences {
  const { numbers, memory } = tf.tidy(() => {
    const numbers = tensorOf(source);
    return { numbers, memory: applied(encoder, [numbers], false) };
  });
  return {
    next: (prefixes, owners) =>
      valuesOf(() => {
        const own = tf.tensor1d([...owners], "int32");
        const from = [tf.gather(memory, own), tf.gather(numbers, own)];
        const states = applied(decoder, [tensorOf(prefixes), ...from], false);
        const { rows, length } = prefixes;
        const last = tf.slice(states, [0, length - 1, 0], [rows, 1, states.shape[2]!]);
        return applied(output, [last], false);
      }),
    close: () => tf.dispose([numbers, memory]),
  };
}
