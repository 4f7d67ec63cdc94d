import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type {
  KeysAndValues,
  MaskedAttention,
  PositionEncoding,
} from "../layers/transformer-layers.ts";
import type { TransformerSizes } from "./transformer.ts";

/** Sentences that were encoded: [row, position, width], and their token numbers. */
export interface EncodedSentences {
  readonly memory: tf.Tensor3D;
  readonly numbers: tf.Tensor2D;
}

/** Prefixes of translations that grow by a token a step. */
export interface GrowingPrefixes {
  /**
   * The scores of what comes after each prefix's last token, a block a prefix. Prefix i is of
   * sentence `owners[i]` and goes on from prefix `parents[i]` of the last step; none before the
   * first.
   */
  next(
    tokens: readonly number[],
    owners: readonly number[],
    parents: readonly number[],
  ): Float32Array;
  close(): void;
}

/**
 * Decodes token by token: of all tokens before, keys and values are kept, so that a step computes
 * one position and not the whole prefix. The same as the decoder's last position, up to rounding.
 */
export function growingPrefixes(
  model: LayersModel,
  { layers: depth }: Pick<TransformerSizes, "layers">,
  { memory, numbers }: EncodedSentences,
): GrowingPrefixes {
  const decoder = decoderOf(model, depth);
  const source = tf.tidy(() => decoder.readsOf(memory));
  const padding = tf.tidy(() => decoder.paddingOf(numbers));
  /** Of the prefixes' own tokens, a level after another; null before the first step. */
  let told: readonly KeysAndValues[] | null = null;
  /** The source's, a row a prefix. */
  let asked: readonly KeysAndValues[] = [];
  let hidden: tf.Tensor = padding;
  let owned = "";
  let position = 0;
  const own = (owners: readonly number[]) => {
    if (owners.join() === owned) return;
    owned = owners.join();
    dispose(asked);
    if (hidden !== padding) hidden.dispose();
    const rows = tf.tensor1d([...owners], "int32");
    asked = source.map((pairs) => gathered(pairs, rows));
    hidden = tf.gather(padding, rows);
    rows.dispose();
  };
  return {
    next(tokens, owners, parents) {
      own(owners);
      const { kept, scores } = tf.tidy(() => {
        const rows = tf.tensor1d([...parents], "int32");
        const before = told?.map((pairs) => gathered(pairs, rows)) ?? null;
        return decoder.step({ tokens, position, before, asked, hidden });
      });
      dispose(told ?? []);
      told = kept;
      position++;
      const values = scores.dataSync() as Float32Array;
      scores.dispose();
      return values;
    },
    close() {
      dispose([...source, ...asked, ...(told ?? [])]);
      tf.dispose([hidden, padding]);
    },
  };
}

/** One position of every prefix, and what it has of the positions before and of the source. */
interface Position {
  readonly tokens: readonly number[];
  readonly position: number;
  readonly before: readonly KeysAndValues[] | null;
  readonly asked: readonly KeysAndValues[];
  readonly hidden: tf.Tensor;
}

/** A Transformer's decoder, a position at a time. */
function decoderOf(model: LayersModel, depth: number) {
  const of = layersOf(model);
  const levels = Array.from({ length: depth }, (_, at) => `decoder_${at}`);
  const attention = (name: string) => of<MaskedAttention>(name);
  const residual = (name: string, x: tf.Tensor, change: tf.Tensor) =>
    called(of(`${name}_norm`), tf.add(x, change));
  return {
    readsOf: (memory: tf.Tensor3D) =>
      levels.map((name) => attention(`${name}_memory`).pairsOf(memory)),
    paddingOf: (numbers: tf.Tensor2D) => attention(`${levels[0]}_memory`).hidden(numbers, 1),
    step({ tokens, position, before, asked, hidden }: Position) {
      const numbers = tf.tensor(Int32Array.from(tokens), [tokens.length, 1], "int32");
      const placing = of<PositionEncoding>("target_position");
      let x = placing.from(position, called(of("embedding"), numbers)) as tf.Tensor3D;
      const kept = levels.map((name, at) => {
        const self = attention(`${name}_attention`);
        const pairs = extended(before?.[at] ?? null, self.pairsOf(x));
        x = residual(`${name}_attention`, x, self.answer(self.questionsOf(x), pairs));
        const other = attention(`${name}_memory`);
        const read = other.answer(other.questionsOf(x), asked[at]!, hidden);
        x = residual(`${name}_memory`, x, read);
        const wide = called(of(`${name}_forward_in`), x);
        x = residual(`${name}_forward`, x, called(of(`${name}_forward_out`), wide));
        return pairs;
      });
      return { kept, scores: called(of("embedding"), x) };
    },
  };
}

type AnyLayer = LayersModel["layers"][number];

function layersOf(model: LayersModel): <Layer extends AnyLayer>(name: string) => Layer {
  return <Layer extends AnyLayer>(name: string) => model.getLayer(name) as Layer;
}

function called(layer: AnyLayer, x: tf.Tensor): tf.Tensor3D {
  return layer.call(x, { training: false }) as tf.Tensor3D;
}

function gathered({ keys, values }: KeysAndValues, rows: tf.Tensor1D): KeysAndValues {
  return { keys: tf.gather(keys, rows), values: tf.gather(values, rows) };
}

function extended(before: KeysAndValues | null, { keys, values }: KeysAndValues): KeysAndValues {
  if (before === null) return { keys, values };
  return {
    keys: tf.concat([before.keys, keys], 2),
    values: tf.concat([before.values, values], 2),
  };
}

function dispose(all: readonly KeysAndValues[]): void {
  for (const { keys, values } of all) tf.dispose([keys, values]);
}
