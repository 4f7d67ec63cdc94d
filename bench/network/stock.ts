import "@tensorflow/tfjs-backend-wasm";
import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";

/** TensorFlow.js as it comes: its WASM backend, its layers, its `fit`. On a thread of its own. */
export interface Stock {
  readonly version: string;
  /** Milliseconds of an epoch of so many steps. */
  epoch(): Promise<number>;
}

export async function stockNetwork(
  rows: Float32Array,
  classes: Float32Array,
  columns: number,
  batch: number,
): Promise<Stock> {
  await core.setBackend("wasm");
  if (core.getBackend() !== "wasm") throw new Error("the stock WASM backend does not start");
  core.enableProdMode();
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 128, activation: "relu", inputShape: [columns] }),
      tf.layers.dense({ units: 10, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer: core.train.sgd(0.1), loss: "categoricalCrossentropy" });
  const x = core.tensor2d(rows, [classes.length, columns]);
  const y = core.oneHot(core.tensor1d(Int32Array.from(classes), "int32"), 10);
  return {
    version: core.version_core,
    async epoch() {
      const begunMs = performance.now();
      await model.fit(x, y, {
        batchSize: batch,
        epochs: 1,
        shuffle: false,
        verbose: 0,
        yieldEvery: "never",
      });
      return performance.now() - begunMs;
    },
  };
}
