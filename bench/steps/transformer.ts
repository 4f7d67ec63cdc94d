import type { Builder } from "../../src/tfjs/model-source.ts";

/** Two blocks of causal attention over 64 positions, 64 wide, that tell each next character. */
const build: Builder = ({ tf, own }) => {
  const { layers } = tf;
  const input = tf.input({ shape: [64] });
  type Node = typeof input;
  const table = layers.embedding({ name: "table", inputDim: 65, outputDim: 64 });
  const added = (to: Node, more: Node) => layers.add().apply([to, more]) as Node;
  const normal = (name: string, of: Node) => layers.layerNormalization({ name }).apply(of) as Node;
  let x = own.positionEmbedding({ name: "places" }).apply(table.apply(input) as Node) as Node;
  for (const block of ["one", "two"]) {
    const attention = own.causalSelfAttention({ heads: 4, name: `${block}-attention` });
    x = added(x, attention.apply(normal(`${block}-before`, x)) as Node);
    const wide = layers.dense({ name: `${block}-wide`, units: 256, activation: "relu" });
    const narrow = layers.dense({ name: `${block}-narrow`, units: 64 });
    const between = wide.apply(normal(`${block}-between`, x)) as Node;
    x = added(x, narrow.apply(between) as Node);
  }
  const last = layers.dense({ name: "last", units: 65 });
  return tf.model({ inputs: input, outputs: last.apply(normal("behind", x)) as Node });
};

export default build;
