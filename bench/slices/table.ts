import type { Builder } from "../../src/tfjs/model-source.ts";

/** One table of 30,000 x 128, 2,048 rows of which a batch looks up. */
const build: Builder = ({ tf }) => {
  const { layers } = tf;
  return tf.sequential({
    layers: [
      layers.embedding({ inputDim: 30_000, outputDim: 128, inputLength: 8 }),
      layers.globalAveragePooling1d({}),
      layers.dense({ units: 1 }),
    ],
  });
};

export default build;
