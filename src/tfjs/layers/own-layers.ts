import * as tf from "@tensorflow/tfjs-core";
import { serialization } from "@tensorflow/tfjs-core";
import { initializers, layers } from "@tensorflow/tfjs-layers";
import { causalAttention } from "../kernels/attention.ts";
import { currentInPlace } from "../kernels/in-place.ts";
import { ClassShare } from "./class-share.ts";
import { FeatureShare, JoinedShares, SummedShares, VocabularyShare } from "./layer-shares.ts";
import { MaskedAttention, PositionEncoding, TiedEmbedding } from "./transformer-layers.ts";

let isRegistered = false;

/** Makes kofn's own layers known to TensorFlow.js, once. */
export function registerLayers(): void {
  if (isRegistered) return;
  isRegistered = true;
  serialization.registerClass(CausalSelfAttention);
  serialization.registerClass(PositionEmbedding);
  serialization.registerClass(TiedEmbedding);
  serialization.registerClass(PositionEncoding);
  serialization.registerClass(MaskedAttention);
  // What workers that share a layer compute.
  serialization.registerClass(FeatureShare);
  serialization.registerClass(SummedShares);
  serialization.registerClass(JoinedShares);
  serialization.registerClass(VocabularyShare);
  serialization.registerClass(ClassShare);
}

/** kofn's own layers by the names under which a module's builder is handed them. */
export const ownLayers = {
  causalSelfAttention: (config: { heads: number; name?: string }) =>
    new CausalSelfAttention(config),
  positionEmbedding: (config: { name?: string } = {}) => new PositionEmbedding(config),
  tiedEmbedding: (config: { tokens: number; width: number; name?: string }) =>
    new TiedEmbedding(config),
  positionEncoding: (config: { name?: string } = {}) => new PositionEncoding(config),
  maskedAttention: (config: { heads: number; causal?: boolean; name?: string }) =>
    new MaskedAttention(config),
};

type Shape = (number | null)[];

/** Adds a trained vector to every position: [batch, positions, width] to the same. */
export class PositionEmbedding extends layers.Layer {
  static readonly className = "PositionEmbedding";
  private table!: ReturnType<PositionEmbedding["addWeight"]>;

  override build(inputShape: Shape | Shape[]): void {
    const [, positions, width] = inputShape as [number | null, number, number];
    const start = initializers.randomNormal({ stddev: 0.02 });
    this.table = this.addWeight("table", [positions, width], "float32", start);
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => tf.add(x, tf.expandDims(this.table.read(), 0)));
  }
}

/**
 * Self-attention over earlier positions: softmax(QK'/sqrt(d)) V in several heads, each position
 * seeing itself and those before it. Takes and gives [batch, positions, width]. With `of` it has
 * one of so many shares of the heads, and gives its share of the sum that the whole would give.
 */
export class CausalSelfAttention extends layers.Layer {
  static readonly className = "CausalSelfAttention";
  private readonly heads: number;
  private readonly of: number;
  private joint!: ReturnType<CausalSelfAttention["addWeight"]>;
  private outward!: ReturnType<CausalSelfAttention["addWeight"]>;

  constructor(config: { heads: number; of?: number; name?: string; trainable?: boolean }) {
    super(config as ConstructorParameters<typeof layers.Layer>[0]);
    this.heads = config.heads;
    this.of = config.of ?? 1;
  }

  override build(inputShape: Shape | Shape[]): void {
    const width = (inputShape as Shape).at(-1) as number;
    const heads = this.heads * this.of;
    if (width % heads !== 0)
      throw new Error(`CausalSelfAttention: width ${width} is no multiple of ${heads} heads`);
    const start = () => initializers.glorotUniform({});
    const own = width / this.of;
    this.joint = this.addWeight("joint", [width, 3 * own], "float32", start());
    this.outward = this.addWeight("output", [own, width], "float32", start());
    this.built = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor3D;
      const [batch, positions, width] = x.shape;
      const { heads } = this;
      const own = width / this.of;
      const flat = tf.reshape(x, [batch * positions, width]);
      const joint = tf.matMul(flat, this.joint.read() as tf.Tensor2D);
      const heard = mixed(joint, [batch, positions, heads, own / heads]);
      const out = tf.matMul(heard, this.outward.read() as tf.Tensor2D);
      return tf.reshape(out, [batch, positions, width]);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const config = { ...super.getConfig(), heads: this.heads };
    return this.of === 1 ? config : { ...config, of: this.of };
  }
}

/** Of queries, keys and values beside one another the values mixed, [batch * positions, own]. */
function mixed(joint: tf.Tensor, [images, positions, heads, side]: Four): tf.Tensor2D {
  const memory = currentInPlace();
  if (memory !== null)
    return causalAttention(memory, joint, { images, positions, heads, side }) as tf.Tensor2D;
  const split = tf.reshape(joint, [images, positions, 3, heads, side]);
  const byHead = tf.transpose(split, [2, 0, 3, 1, 4]);
  const [q, k, v] = tf.unstack(byHead) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(side));
  const seen = tf.softmax(tf.add(scores, hidden(positions)));
  const turned = tf.transpose(tf.matMul(seen, v), [0, 2, 1, 3]);
  return tf.reshape(turned, [images * positions, heads * side]);
}

type Four = [number, number, number, number];

/** Far below zero where a position would see a later one. */
function hidden(positions: number): tf.Tensor {
  const values = new Float32Array(positions * positions);
  for (let i = 0; i < positions; i++) values.fill(-1e9, i * positions + i + 1, (i + 1) * positions);
  return tf.tensor(values, [1, 1, positions, positions]);
}
