import type { Builder } from "kofn/tfjs";

/** The sizes of a transformer over characters. */
export interface Sizes {
  /** Tokens that there are. */
  readonly vocabulary: number;
  /** Tokens of a row: `data.text.length`. */
  readonly length: number;
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
}

/** A transformer that tells every position's next token, seeing those before it alone. */
export function transformer({ vocabulary, length, width, heads, blocks }: Sizes): Builder {
  return ({ tf, own }) => {
    const { layers } = tf;
    const input = tf.input({ shape: [length] });
    const table = layers.embedding({ inputDim: vocabulary, outputDim: width });
    type Node = typeof input;
    let x = own.positionEmbedding().apply(table.apply(input) as Node) as Node;
    const added = (to: Node, more: Node) => layers.add().apply([to, more]) as Node;
    const normal = (of: Node) => layers.layerNormalization({}).apply(of) as Node;
    for (let block = 0; block < blocks; block++) {
      x = added(x, own.causalSelfAttention({ heads }).apply(normal(x)) as Node);
      const wide = layers.dense({ units: 4 * width, activation: "relu" }).apply(normal(x));
      x = added(x, layers.dense({ units: width }).apply(wide as Node) as Node);
    }
    const outputs = layers.dense({ units: vocabulary }).apply(normal(x)) as Node;
    return tf.model({ inputs: input, outputs });
  };
}

export default transformer({ vocabulary: 32, length: 32, width: 16, heads: 2, blocks: 1 });
