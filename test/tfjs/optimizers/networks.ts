import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { randomFrom } from "../../../src/core/random.ts";
import type { AdaptiveOptimizer } from "../../../src/tfjs/optimizers/public.ts";

/** A small network whose start is always the same; its layers are called after `prefix`. */
export async function network(prefix: string): Promise<tfl.LayersModel> {
  await tf.setBackend("cpu");
  const model = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 5, inputShape: [3], activation: "tanh", name: `${prefix}_first` }),
      tfl.layers.dense({ units: 2, activation: "softmax", name: `${prefix}_last` }),
    ],
  });
  const random = randomFrom("network");
  const values = model.getWeights().map(({ shape, size }) => {
    const drawn = Float32Array.from({ length: size }, () => random.normal() / 2);
    return tf.tensor(drawn, shape);
  });
  model.setWeights(values);
  for (const tensor of values) tensor.dispose();
  return model;
}

export function compiled(model: tfl.LayersModel, optimizer: AdaptiveOptimizer): tfl.LayersModel {
  model.compile({ optimizer, loss: "categoricalCrossentropy" });
  return model;
}

/** So many steps on the same 12 rows; the loss before each. */
export async function train(model: tfl.LayersModel, steps: number): Promise<number[]> {
  const random = randomFrom("rows");
  const [rows, columns] = [12, 3];
  const drawn = Float32Array.from({ length: rows * columns }, () => random.normal());
  const classes = Array.from({ length: rows }, (_, i) => (drawn[i * columns]! > 0 ? 1 : 0));
  const x = tf.tensor2d(drawn, [rows, columns]);
  const y = tf.tensor2d(classes.map((one) => [1 - one, one]));
  const options = { epochs: steps, batchSize: rows, shuffle: false, verbose: 0 } as const;
  const { history } = await model.fit(x, y, options);
  x.dispose();
  y.dispose();
  return (history.loss ?? []) as number[];
}

/** Every weight, one tensor after another. */
export function flat(model: tfl.LayersModel): number[] {
  return model.getWeights().flatMap((tensor) => [...tensor.dataSync()]);
}

/** Saved with the optimizer's state and loaded again, by way of JSON as on disk. */
export async function reloaded(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    saved = artifacts;
    return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
  });
  await model.save(handler, { includeOptimizer: true });
  const { weightData, ...rest } = saved!;
  const read = { ...JSON.parse(JSON.stringify(rest)), weightData } as tf.io.ModelArtifacts;
  return tfl.loadLayersModel(tf.io.fromMemory(read));
}
