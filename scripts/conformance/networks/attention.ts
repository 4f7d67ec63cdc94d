import type { Builder } from "../../../src/tfjs/model-source.ts";

/** A block of causal attention that tells every position's next character. */
const build: Builder = ({ tf, own }) => {
  const { layers } = tf;
  const input = tf.input({ shape: [16] });
  type Node = typeof input;
  const table = layers.embedding({ name: "table", inputDim: 32, outputDim: 16 });
  const added = (to: Node, more: Node) => layers.add().apply([to, more]) as Node;
  const normal = (name: string, of: Node) => layers.layerNormalization({ name }).apply(of) as Node;
  let x = own.positionEmbedding({ name: "places" }).apply(table.apply(input) as Node) as Node;
  const attention = own.causalSelfAttention({ heads: 2, name: "attention" });
  x = added(x, attention.apply(normal("before", x)) as Node);
  const wide = layers.dense({ name: "wide", units: 32, activation: "relu" });
  const narrow = layers.dense({ name: "narrow", units: 16 });
  x = added(x, narrow.apply(wide.apply(normal("between", x)) as Node) as Node);
  const last = layers.dense({ name: "last", units: 32 });
  return tf.model({ inputs: input, outputs: last.apply(normal("behind", x)) as Node });
};

export default build;
