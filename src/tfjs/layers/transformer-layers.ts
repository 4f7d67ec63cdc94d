import * as tf from "@tensorflow/tfjs-core";
import { initializers, layers } from "@tensorflow/tfjs-layers";

import { type LooksUp, lookUpRows } from "./table-rows.ts";

type Shape = (number | null)[];
type LayerConfig = ConstructorParameters<typeof layers.Layer>[0];
type Weight = ReturnType<layers.Layer["addWeight"]>;

/**
 * One table for what goes in and what comes out: token numbers [batch, positions] become its rows,
 * times sqrt(width); vectors [batch, positions, width] become a score for each token.
 */
export class TiedEmbedding extends layers.Layer implements LooksUp {
  static readonly className = "TiedEmbedding";
  private readonly tokens: number;
  private readonly width: number;
  private table!: Weight;

  constructor(config: { tokens: number; width: number; name?: string; trainable?: boolean }) {
    super(config as LayerConfig);
    this.tokens = config.tokens;
    this.width = config.width;
  }

  override build(): void {
    const start = initializers.randomNormal({ stddev: this.width ** -0.5 });
    this.table = this.addWeight("table", [this.tokens, this.width], "float32", start);
    this.built = true;
  }

  tableWeights(): Weight[] {
    return [this.table];
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = inputShape as Shape;
    return shape.length === 2 ? [...shape, this.width] : [...shape.slice(0, 2), this.tokens];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const table = this.table.read() as tf.Tensor2D;
      if (x.rank === 2) {
        const ids = tf.reshape(tf.cast(x, "int32"), [x.size]) as tf.Tensor1D;
        const rows = lookUpRows(table as unknown as tf.Variable, ids);
        return tf.mul(tf.reshape(rows, [...x.shape, this.width]), Math.sqrt(this.width));
      }
      const flat = tf.reshape(x, [-1, this.width]) as tf.Tensor2D;
      const scores = tf.matMul(flat, table, false, true);
      return tf.reshape(scores, [x.shape[0]!, x.shape[1]!, this.tokens]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), tokens: this.tokens, width: this.width };
  }
}

/** Adds sines and cosines of the position, as published: [batch, positions, width] to the same. */
export class PositionEncoding extends layers.Layer {
  static readonly className = "PositionEncoding";
  private readonly waves = new Map<string, Float32Array>();

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.from(0, Array.isArray(inputs) ? inputs[0]! : inputs);
  }

  /** The same of vectors whose first is at a later position. */
  from(first: number, x: tf.Tensor): tf.Tensor {
    const [, positions, width] = x.shape as [number, number, number];
    const name = `${first}/${positions}/${width}`;
    const values = this.waves.get(name) ?? wavesOf(first, positions, width);
    if (this.waves.size < wavesKept) this.waves.set(name, values);
    return tf.tidy(() => tf.add(x, tf.tensor(values, [1, positions, width])));
  }
}

const wavesKept = 256;

/** sin(p / 10000^(2i/width)) at 2i, its cosine at 2i + 1. */
function wavesOf(first: number, positions: number, width: number): Float32Array {
  return Float32Array.from({ length: positions * width }, (_, at) => {
    const [position, i] = [first + Math.floor(at / width), at % width];
    const angle = position / 10_000 ** ((i - (i % 2)) / width);
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

/**
 * Attention in several heads: softmax(QK'/sqrt(d)) V. Takes [queries, memory, numbers]: vectors
 * that ask, vectors that are asked, and the latter's token numbers, of which 0 is never seen; or
 * [queries, numbers] where they ask each other, as TensorFlow.js (4.22) frees too early what a
 * layer is handed twice. With `causal` a position sees no later one. Gives as many
 * vectors as ask; a row whose memory is all padding gets their mean, which nothing reads. With `of`
 * it has one of so many shares of the heads, and gives its share of the sum.
 */
export class MaskedAttention extends layers.Layer {
  static readonly className = "MaskedAttention";
  private readonly heads: number;
  private readonly causal: boolean;
  private readonly of: number;
  private query!: Weight;
  private joint!: Weight;
  private outward!: Weight;

  constructor(config: AttentionConfig) {
    super(config as LayerConfig);
    this.heads = config.heads;
    this.causal = config.causal ?? false;
    this.of = config.of ?? 1;
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = (inputShape as Shape[])[0]!.at(-1) as number;
    const heads = this.heads * this.of;
    if (width % heads !== 0)
      throw new Error(`MaskedAttention: width ${width} is no multiple of ${heads} heads`);
    const start = () => initializers.glorotUniform({});
    const own = width / this.of;
    this.query = this.addWeight("query", [width, own], "float32", start());
    this.joint = this.addWeight("joint", [width, 2 * own], "float32", start());
    this.outward = this.addWeight("output", [own, width], "float32", start());
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return (inputShape as Shape[])[0]!;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const tensors = inputs as tf.Tensor[];
      const [queries, numbers] = [tensors[0], tensors.at(-1)] as [tf.Tensor3D, tf.Tensor2D];
      const memory = tensors.length === 2 ? queries : (tensors[1] as tf.Tensor3D);
      const questions = this.questionsOf(queries);
      const hidden = this.hidden(numbers, queries.shape[1]);
      return this.answer(questions, this.pairsOf(memory), hidden);
    });
  }

  /** Keys and values of what is asked, [batch, heads, positions, side] each. */
  pairsOf(memory: tf.Tensor3D): KeysAndValues {
    const { heads, of } = this;
    const [batch, , width] = memory.shape;
    const side = width / of / heads;
    const pairs = tf.reshape(times(memory, this.joint), [batch, -1, 2, heads, side]);
    const [keys, values] = tf.unstack(tf.transpose(pairs, [2, 0, 3, 1, 4]));
    return { keys: keys as tf.Tensor4D, values: values as tf.Tensor4D };
  }

  /** What vectors ask, [batch, heads, positions, side]. */
  questionsOf(queries: tf.Tensor3D): tf.Tensor4D {
    const { heads, of } = this;
    const [batch, positions, width] = queries.shape;
    const split: [number, number, number, number] = [batch, positions, heads, width / of / heads];
    return tf.transpose(tf.reshape(times(queries, this.query), split), [0, 2, 1, 3]) as tf.Tensor4D;
  }

  /** What they are answered, [batch, positions, width]; `hidden` is added to the scores. */
  answer(questions: tf.Tensor4D, { keys, values }: KeysAndValues, hidden?: tf.Tensor): tf.Tensor3D {
    const [batch, heads, positions, side] = questions.shape;
    const scores = tf.mul(tf.matMul(questions, keys, false, true), 1 / Math.sqrt(side));
    const seen = tf.softmax(hidden === undefined ? scores : tf.add(scores, hidden));
    const mixed = tf.transpose(tf.matMul(seen, values), [0, 2, 1, 3]) as tf.Tensor;
    const flat = tf.reshape(mixed, [batch, positions, heads * side]) as tf.Tensor3D;
    return tf.reshape(times(flat, this.outward), [batch, positions, heads * side * this.of]);
  }

  /** Far below zero where a position must not look. */
  hidden(numbers: tf.Tensor2D, positions: number): tf.Tensor {
    const [batch, length] = numbers.shape;
    const isPadding = tf.cast(tf.equal(numbers, tf.scalar(0, numbers.dtype)), "float32");
    const padding = tf.mul(tf.reshape(isPadding, [batch, 1, 1, length]), far);
    if (!this.causal) return padding;
    const later = new Float32Array(positions * length);
    for (let i = 0; i < positions; i++) later.fill(far, i * length + i + 1, (i + 1) * length);
    return tf.add(padding, tf.tensor(later, [1, 1, positions, length]));
  }

  override getConfig(): tf.serialization.ConfigDict {
    const config = { ...super.getConfig(), heads: this.heads, causal: this.causal };
    return this.of === 1 ? config : { ...config, of: this.of };
  }
}

interface AttentionConfig {
  readonly heads: number;
  readonly causal?: boolean;
  readonly of?: number;
  readonly name?: string;
  readonly trainable?: boolean;
}

/** Keys and values of some vectors, [batch, heads, positions, side] each. */
export type KeysAndValues = { readonly keys: tf.Tensor4D; readonly values: tf.Tensor4D };

/** Vectors, [batch, positions, width], times a matrix, a row each. */
function times(x: tf.Tensor3D, weight: Weight): tf.Tensor {
  const flat = tf.reshape(x, [-1, x.shape[2]]) as tf.Tensor2D;
  return tf.matMul(flat, weight.read() as tf.Tensor2D);
}

/** Added twice it is still a number that its exponent makes zero of. */
const far = -1e9;
