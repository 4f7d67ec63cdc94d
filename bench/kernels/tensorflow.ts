import { fileURLToPath } from "node:url";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";

/** The least-squares gradient by TensorFlow.js over WebAssembly, one thread, in two products. */
export async function tensorflowGradient(
  values: Float32Array<ArrayBuffer>,
  rows: number,
  columns: number,
): Promise<{ readonly version: string; run(): void }> {
  setThreadsCount(1);
  const main = import.meta.resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(fileURLToPath(new URL("../wasm-out/", main)));
  await tf.setBackend("wasm");
  await tf.ready();
  const x = tf.tensor2d(values, [rows, columns]);
  const w = tf.randomNormal([columns, 1]);
  const y = tf.randomNormal([rows, 1]);
  const gradient = () => tf.matMul(x, tf.sub(tf.matMul(x, w), y), true, false);
  return {
    version: tf.version_core,
    run() {
      const made = tf.tidy(gradient);
      made.dataSync();
      made.dispose();
    },
  };
}
