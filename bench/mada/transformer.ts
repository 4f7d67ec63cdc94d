import { ownLayers } from "../../src/tfjs/layers/own-layers.ts";
import type { Builder } from "../../src/tfjs/model-source.ts";

export const positions = 32;
const width = 32;
const heads = 4;
const blocks = 2;

/** A character transformer of some 30,000 weights: what a laptop trains thousands of steps of. */
export function transformer(vocabulary: number): Builder {
  return ({ tf }) => {
    const input = tf.input({ shape: [positions], dtype: "int32" });
    const embedding = tf.layers.embedding({ inputDim: vocabulary, outputDim: width });
    let x = embedding.apply(input) as ReturnType<typeof tf.input>;
    x = ownLayers.positionEmbedding().apply(x) as typeof x;
    for (let block = 0; block < blocks; block++) {
      const attention = ownLayers.causalSelfAttention({ heads });
      const seen = attention.apply(tf.layers.layerNormalization().apply(x)) as typeof x;
      const mixed = tf.layers.add().apply([x, seen]) as typeof x;
      const wide = tf.layers.dense({ units: 4 * width, activation: "relu" });
      const narrow = tf.layers.dense({ units: width });
      const thought = wide.apply(tf.layers.layerNormalization().apply(mixed));
      x = tf.layers.add().apply([mixed, narrow.apply(thought) as typeof x]) as typeof x;
    }
    const normal = tf.layers.layerNormalization().apply(x);
    const output = tf.layers.dense({ units: vocabulary, activation: "softmax" }).apply(normal);
    return tf.model({ inputs: input, outputs: output as typeof x });
  };
}
