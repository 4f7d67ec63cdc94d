import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { assert } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { GradientForm, SlicedGradient } from "../../math/slices/sliced-gradient.ts";
import {
  type BackendChoice,
  type OpenedBackend,
  openTensorBackend,
  useBackend,
} from "../backend.ts";
import { weightCount, weightVariables } from "../definition.ts";
import { differentiateLoss, type GradientPass } from "../gradient-pass.ts";
import { slicedGradients } from "../gradient-sums.ts";
import { keepModel } from "../kept-model.ts";
import type { RowsTold } from "../layers/table-rows.ts";
import type { LossOfOutputs } from "../loss-node.ts";
import { withSeededRandom } from "../seeded-random.ts";
import { initialWeights, setWeights, tableSlots } from "../trainer.ts";
import type { SeededPass } from "../trainer-contract.ts";
import { openWholeModel, prepareModel } from "../whole-model.ts";
import { type TransformerSizes, transformerEncoder } from "./transformer.ts";
import { type GrowingPrefixes, growingPrefixes } from "./transformer-steps.ts";

/** Token numbers, a sentence a row, 0 where one is over. */
export interface TokenRows {
  readonly rows: number;
  readonly length: number;
  readonly tokens: Int32Array;
}

/** Some pairs that go through the network at once, and the loss at their scores. */
export interface TranslationPass {
  readonly number: number;
  readonly source: TokenRows;
  readonly target: TokenRows;
  readonly loss: LossOfOutputs;
}

/** A Transformer at any flat weights. */
export interface Translator {
  readonly backend: OpenedBackend;
  /** Of memory that it takes, about. */
  readonly bytes: number;
  /** Frees it until it is used again. */
  close(): void;
  readonly weightsLength: number;
  initial(random: Random): Float32Array<ArrayBuffer>;
  /**
   * The loss at the scores of every target position, a row after another; its gradient is added.
   * `target` begins with the beginning's token. Draws dropout from `random`, forked by the number.
   */
  addGradient(
    pass: TranslationPass,
    weights: Float32Array,
    gradient: Float64Array,
    random: Random,
  ): number;
  /**
   * As `addGradient` of all passes, tensor by tensor; pass i draws from `random` forked by its
   * number.
   */
  slicedGradient(
    passes: Iterable<TranslationPass>,
    weights: Float32Array,
    form: GradientForm,
    random: Random,
  ): SlicedGradient;
  /** The scores as for prediction: [row, position, token]. */
  scores(source: TokenRows, target: TokenRows, weights: Float32Array): Float32Array;
  /** Encodes sentences once, to be asked for the tokens that may come next; to be closed. */
  read(source: TokenRows, weights: Float32Array): GrowingPrefixes;
}

/** The Transformer of a stored definition. */
export async function openTranslator(
  bytes: Uint8Array,
  key: string,
  { backend: choice, sizes }: { readonly backend: BackendChoice; readonly sizes: TransformerSizes },
): Promise<Translator> {
  const backend = await openTensorBackend(choice);
  const { model: first, stored } = await openWholeModel(bytes, key, false);
  const kept = keepModel(first, (model) => {
    prepareModel(model, stored);
    return translating(model, sizes);
  });
  const weightsLength = weightCount(kept.open().variables);
  const set = (weights: Float32Array) => {
    useBackend(backend);
    const open = kept.open();
    assert(weights.length === weightsLength, "weights are as long as the network has them");
    setWeights(open.variables, weights);
    return open;
  };
  return {
    backend,
    weightsLength,
    get bytes() {
      return kept.bytes;
    },
    close: kept.close,
    initial(random) {
      useBackend(backend);
      const { model, variables } = kept.open();
      return initialWeights(model, variables, {}, random);
    },
    addGradient(pass, weights, gradient, random) {
      const { variables, differentiated } = set(weights);
      const { loss, slopes } = drawn(random)(pass, () => differentiated(pass, [], "merged"));
      let from = 0;
      for (const [at, { variable }] of variables.entries()) {
        const own = slopes.get(at);
        if (own !== undefined) for (let i = 0; i < own.length; i++) gradient[from + i]! += own[i]!;
        from += variable.size;
      }
      return loss;
    },
    slicedGradient(passes, weights, form, random) {
      const { sliced } = set(weights);
      const seeded = drawn(random);
      return form === "gather"
        ? sliced.gather(passes, seeded)
        : sliced.sum(passes, seeded, "merged");
    },
    scores(source, target, weights) {
      const { model } = set(weights);
      return valuesOf(() => applied(model, [source, target].map(tensorOf), false));
    },
    read(source, weights) {
      const { model, encoder } = set(weights);
      return readSentences(model, encoder, sizes, source);
    },
  };
}

/** What computes with a Transformer's layers. */
function translating(model: LayersModel, sizes: TransformerSizes) {
  const variables = weightVariables(model);
  const differentiated = (
    { source, target, loss }: TranslationPass,
    tables: readonly number[],
    told: RowsTold,
  ): GradientPass => {
    const outputs = () => applied(model, [source, target].map(tensorOf), true);
    const pass = { outputs, loss, count: 1 };
    return differentiateLoss({ model, slots: variables }, pass, tables, told);
  };
  const sliced = slicedGradients(variables, tableSlots(model, variables), differentiated);
  return { model, variables, differentiated, sliced, encoder: transformerEncoder(model, sizes) };
}

/** Every pass draws anew. */
function drawn(random: Random): SeededPass<TranslationPass> {
  return ({ number }, work) => withSeededRandom(random.fork(`pass/${number}`), work);
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

function readSentences(
  model: LayersModel,
  encoder: LayersModel,
  sizes: TransformerSizes,
  source: TokenRows,
): GrowingPrefixes {
  const encoded = tf.tidy(() => {
    const numbers = tensorOf(source) as tf.Tensor2D;
    return { numbers, memory: applied(encoder, [numbers], false) as tf.Tensor3D };
  });
  const growing = growingPrefixes(model, sizes, encoded);
  return {
    next: growing.next,
    close() {
      growing.close();
      tf.dispose([encoded.numbers, encoded.memory]);
    },
  };
}
