import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { LayerGraph } from "../../src/model-parallel/layer-graph.ts";
import { contiguous } from "../../src/model-parallel/partition.ts";
import { graphOfTopology } from "../../src/model-parallel/topology.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { tensorCount } from "../../src/tfjs/open-model.ts";
import { withSeededRandom } from "../../src/tfjs/seeded-random.ts";
import { topologyOf } from "../model-parallel/zoo.ts";
import { batchFor, meanGradient, openPipeline, runStep, wholeGradient } from "./pipeline.ts";

const { layers } = tf;

beforeAll(() => openTensorBackend("wasm"));

/** Stages by their last uses' positions; all tensors of one shape. */
async function staged(model: tf.LayersModel, ends: readonly number[], shape: number[]) {
  const plain = graphOfTopology(topologyOf(model));
  const tensors = plain.tensors.map((tensor) => ({ ...tensor, shape: [null, ...shape] }));
  const graph: LayerGraph = { ...plain, tensors };
  const ids = graph.nodes.map(({ id }) => id);
  return openPipeline(graph, model, contiguous(ids, ends));
}

function dropped(seed?: number): tf.LayersModel {
  return tf.sequential({
    layers: [
      layers.dropout({ rate: 0.5, inputShape: [400], ...(seed === undefined ? {} : { seed }) }),
      layers.activation({ activation: "linear" }),
    ],
  });
}

const ones = (rows: number) => ({ shape: [rows, 400], data: new Float32Array(rows * 400).fill(1) });

describe("dropout over stages", () => {
  it.each([undefined, 3])(
    "with the layer's seed %s drops by layer, step, microbatch",
    async (seed) => {
      const pipeline = await staged(dropped(seed), [1, 2], [400]);
      const batch = { rows: 4, inputs: [ones(4)], targets: [ones(4)] };
      const masks = (step: number) =>
        runStep(pipeline, batch, { microbatches: 2, step })
          .outputs.get(0)!
          .map(({ data }) => Array.from(data, (x) => Number(x > 0)));
      const [first, second] = masks(1);
      expect(masks(1)).toEqual([first, second]);
      for (const [a, b] of [
        [first, second],
        [first, masks(2)[0]],
      ] as const)
        expect(Math.abs(correlation(a!, b!))).toBeLessThan(0.1);
      pipeline.close();
    },
  );

  it("the control, a seed of the layer's own: all microbatches drop the same", () => {
    const model = dropped(3);
    const [a, b] = [1, 2].map(() => {
      const made = model.apply(core.ones([2, 400]), { training: true }) as core.Tensor;
      return Array.from(made.dataSync(), (x) => Number(x > 0));
    });
    expect(correlation(a!, b!)).toBeCloseTo(1, 9);
  });

  function correlation(a: readonly number[], b: readonly number[]): number {
    const mean = (list: readonly number[]) => list.reduce((x, y) => x + y, 0) / list.length;
    const [ma, mb] = [mean(a), mean(b)];
    const cov = mean(a.map((x, i) => (x - ma) * (b[i]! - mb)));
    const deviation = (list: readonly number[], m: number) =>
      Math.sqrt(mean(list.map((x) => (x - m) ** 2)));
    return cov / (deviation(a, ma) * deviation(b, mb));
  }
});

it("batch normalisation tells each microbatch's mean and variance", async () => {
  const model = tf.sequential({
    layers: [
      layers.activation({ activation: "linear", inputShape: [3] }),
      layers.batchNormalization({ name: "norm" }),
    ],
  });
  const pipeline = await staged(model, [1, 2], [3]);
  const batch = batchFor(model, 8, randomFrom("rows"));
  const { observed } = runStep(pipeline, batch, { microbatches: 2 });
  expect(observed.map(({ weight, microbatch }) => `${weight}/${microbatch}`)).toEqual([
    ...["norm/moving_mean/0", "norm/moving_variance/0"],
    ...["norm/moving_mean/1", "norm/moving_variance/1"],
  ]);
  const rows = batch.inputs[0]!.data.subarray(12, 24);
  const column = [0, 3, 6, 9].map((at) => rows[at]!);
  const mean = column.reduce((a, b) => a + b, 0) / 4;
  expect(observed[2]!.values[0]).toBeCloseTo(mean, 5);
  const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4;
  expect(observed[3]!.values[0]).toBeCloseTo(variance, 5);
  pipeline.close();
});

it("penalties of a shared layer count once, a frozen layer lets slopes through", async () => {
  const shared = layers.dense({
    ...{ units: 4, name: "tied", kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }) },
  });
  const input = tf.input({ shape: [4] });
  const first = shared.apply(input) as tf.SymbolicTensor;
  const frozen = layers.dense({ units: 4, name: "frozen", trainable: false }).apply(first);
  const model = withSeededRandom(randomFrom("w"), () =>
    tf.model({ inputs: input, outputs: shared.apply(frozen) as tf.SymbolicTensor }),
  );
  const batch = batchFor(model, 6, randomFrom("rows"));
  const one = await staged(model, [3], [4]);
  const three = await staged(model, [1, 2, 3], [4]);
  const [a, b] = [one, three].map((pipeline) => runStep(pipeline, batch, { microbatches: 2 }));
  expect(b!.loss).toBeCloseTo(a!.loss, 4);
  const plain = wholeGradient(three.graph, model, batch);
  const own = meanGradient(b!.parts, 2, 6);
  expect([...own.keys()].sort()).toEqual(["tied/bias", "tied/kernel"]);
  // TensorFlow.js itself counts it once a use.
  expect(model.calculateLosses()).toHaveLength(2);
  const kernel = shared.getWeights()[0]!.dataSync();
  for (const [i, slope] of own.get("tied/kernel")!.entries())
    expect(slope).toBeCloseTo(plain.get("tied/kernel")![i]! - 0.2 * kernel[i]!, 4);
  for (const pipeline of [one, three]) pipeline.close();
});

it("a step leaves no tensors behind, with stashes and without", async () => {
  const model = dropped();
  const pipeline = await staged(model, [1, 2], [400]);
  const batch = { rows: 4, inputs: [ones(4)], targets: [ones(4)] };
  for (const stash of [true, false]) {
    runStep(pipeline, batch, { microbatches: 2, stash });
    const before = tensorCount();
    runStep(pipeline, batch, { microbatches: 2, stash });
    expect(tensorCount()).toBe(before);
  }
  pipeline.close();
});

it("what stages cannot hand on is refused by name", async () => {
  const masked = tf.sequential({
    layers: [
      layers.embedding({ inputDim: 4, outputDim: 4, maskZero: true, inputLength: 4, name: "ids" }),
    ],
  });
  await expect(staged(masked, [1], [4])).rejects.toThrow('layer "ids" makes a mask');
  const pipeline = await staged(dropped(), [2], [400]);
  pipeline.close();
});
