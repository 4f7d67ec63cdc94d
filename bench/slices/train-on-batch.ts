import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { openTensorBackend } from "../../src/tfjs/backend.ts";

const msMax = 500;

/** `trainOnBatch` of stock layers, a table of 4,000 x 64 and 512 ids, with kofn's own kernels. */
export async function stockTraining() {
  const ms: Record<string, number> = {};
  for (const backend of ["wasm", "cpu"] as const) {
    await openTensorBackend(backend);
    const table = layers.embedding({ inputDim: 4_000, outputDim: 64, inputLength: 8 });
    const model = sequential({ layers: [table, layers.flatten(), layers.dense({ units: 1 })] });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
    const ids = tf.tensor(
      Float32Array.from({ length: 512 }, (_, at) => (at * 977) % 4_000),
      [64, 8],
    );
    const targets = tf.ones([64, 1]);
    const taken: number[] = [];
    for (let step = 0; step < 7; step++) {
      const begunMs = performance.now();
      await model.trainOnBatch(ids, targets);
      taken.push(performance.now() - begunMs);
    }
    ms[backend] = taken.sort((a, b) => a - b)[3]!;
    if (ms[backend] > msMax) throw new Error(`${backend}: ${ms[backend]} ms, more than ${msMax}`);
  }
  console.log(
    "\ntrainOnBatch of stock layers, table of 4,000 x 64, 512 ids: " +
      Object.entries(ms)
        .map(([backend, one]) => `${backend} ${one.toFixed(1)} ms`)
        .join(", "),
  );
  return ms;
}
