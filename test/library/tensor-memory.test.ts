import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modelParallel, type SpecInCode, train } from "../../src/index.ts";
import { planInHome, planStagesInHome } from "../../src/platform/training/forecast-run.ts";
import { closeNetworks, usedNetwork } from "../../src/problems/stored-networks.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { openTensorBackend, useBackend } from "../../src/tfjs/backend.ts";
import { closeModel } from "../../src/tfjs/open-model.ts";
import { campaign } from "../campaign.ts";
import small from "../fixtures/networks/small.ts";
import tied from "../fixtures/networks/tied.ts";
import { temporaryHome } from "../scenarios/workplace.ts";

const network = (name: string) =>
  fileURLToPath(new URL(`../fixtures/networks/${name}.ts`, import.meta.url));

/** TensorFlow.js's own count of tensors and their bytes, and the memory that it has them in. */
const held = () => {
  const { numTensors, numBytes } = tf.memory();
  const { wasm } = tf.findBackend("wasm") as unknown as { wasm: { HEAPU8: Uint8Array } };
  return { numTensors, numBytes, heap: wasm.HEAPU8.length };
};

let home: Awaited<ReturnType<typeof temporaryHome>>;
beforeEach(async () => {
  home = await temporaryHome();
  // Other tests of this process may have left another one in use.
  useBackend(await openTensorBackend("wasm"));
  closeNetworks();
});
afterEach(() => home[Symbol.asyncDispose]());

const spec = (more: object) => ({
  problem: { type: "network", model: network("twice"), backend: "wasm" },
  data: { generate: { type: "classification", rows: 32, features: 12 }, test: 0.25 },
  optimizer: { type: "adam", learningRate: 0.001 },
  weather: { model: "calm" },
  stop: { rounds: 2, tolerance: 0 },
  ...more,
});
const pipeline = (stages: number | "auto") =>
  spec({ strategy: { type: "pipeline", stages, batch: 16, microbatches: 2 } });
const rounds = spec({ strategy: { type: "rounds" }, workers: 2, wait: "all", encoding: "uncoded" });

/** What is trained in turn; each build of the network is another one. */
const trainings = { "in stages": pipeline(2), "in rounds": rounds };

describe("TensorFlow.js's memory is as it was", () => {
  it("after one plan of stages after the other", async () => {
    const plan = (stages: number | "auto") =>
      planStagesInHome(home.path, { spec: resolveSpec(pipeline(stages)), backend: "emulated" });
    const before = tf.memory();
    await plan(1);
    const first = held();
    expect(first).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
    for (let i = 1; i < campaign(7, 20); i++) await plan(i % 5 === 4 ? "auto" : (i % 5) + 1);
    expect(held()).toEqual(first);
  });

  it("after plans that try the network", async () => {
    const plan = () =>
      planInHome(home.path, {
        spec: resolveSpec({ ...rounds, workers: "auto" }),
        backend: "emulated",
      });
    const before = tf.memory();
    for (let i = 0; i < 2; i++) await plan();
    closeNetworks();
    expect(tf.memory()).toMatchObject({
      numTensors: before.numTensors,
      numBytes: before.numBytes,
    });
  });

  it.each(Object.entries(trainings))("after trainings %s and predictions", async (_, given) => {
    const rows = [Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}`, i / 12]))];
    const one = async () => {
      const trained = await train(given as SpecInCode, { backend: "simulated", home: home.path });
      const model = await trained.model();
      const own = model.columns.map((name, i) => [name, i / 12]);
      return (await model.predict([Object.fromEntries(own)] as typeof rows))[0]!.value;
    };
    const before = tf.memory();
    const values = [await one(), await one()];
    expect(values[1]).toBe(values[0]);
    closeNetworks();
    const { numTensors, numBytes } = before;
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  it("after steps in a program, which may go on", async () => {
    const x = { shape: [8, 12], data: Float32Array.from({ length: 96 }, (_, i) => (i % 7) / 7) };
    const y = Float32Array.from({ length: 8 }, (_, i) => i % 3);
    const of = { stages: 3, microbatches: 2, batch: 8, backend: "wasm" } as const;
    const { numTensors, numBytes } = tf.memory();
    const [parallel, unclosed] = [await modelParallel(tied, of), await modelParallel(tied, of)];
    const losses = [];
    for (let i = 0; i < 2; i++) {
      losses.push((await parallel.step(x, y)).loss.reduceMean().data[0]);
      parallel.close();
    }
    const others = [await unclosed.step(x, y), await unclosed.step(x, y)];
    expect(losses).toEqual(others.map(({ loss }) => loss.reduceMean().data[0]));
    unclosed.close();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  it("after a model is closed whose layers keep tensors beside their weights", () => {
    const { numTensors, numBytes } = tf.memory();
    const gru = layers.layers.gru({ units: 3, dropout: 0.5, recurrentDropout: 0.5 });
    const both = layers.layers.bidirectional({
      layer: layers.layers.lstm({ units: 2, dropout: 0.5 }) as never,
      mergeMode: "concat",
    });
    const model = layers.sequential({
      layers: [
        layers.layers.embedding({ inputDim: 5, outputDim: 4, inputLength: 6 }),
        layers.layers.dense({ units: 4 }),
        layers.layers.dropout({ rate: 0.5 }),
        both,
        layers.layers.reshape({ targetShape: [1, 4] }),
        gru,
      ],
    });
    tf.tidy(() => void model.apply(tf.zeros([2, 6], "int32"), { training: true }));
    closeModel(model);
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });
});

describe("networks that a process keeps open", () => {
  const fake = (bytes: number) => ({
    bytes,
    close() {
      this.bytes = 0;
    },
  });

  it("are those used last, as far as their bytes go", () => {
    closeNetworks();
    const networks = [300, 300, 300].map((megabytes) => fake(megabytes * 2 ** 20));
    for (const network of networks) usedNetwork(network);
    expect(networks.map(({ bytes }) => bytes > 0)).toEqual([false, true, true]);
    networks[0]!.bytes = 2 ** 32;
    usedNetwork(networks[0]!);
    // However large, what is used stays; what waits is within its bound.
    expect(networks.map(({ bytes }) => bytes > 0)).toEqual([true, false, true]);
    usedNetwork(networks[2]!);
    expect(networks.map(({ bytes }) => bytes > 0)).toEqual([false, false, true]);
    closeNetworks();
    expect(networks[2]!.bytes).toBe(0);
  });

  it("are sixty-four at most", () => {
    closeNetworks();
    const networks = Array.from({ length: 66 }, () => fake(1));
    for (const network of networks) usedNetwork(network);
    expect(networks.filter(({ bytes }) => bytes > 0)).toEqual(networks.slice(2));
    closeNetworks();
  });
});

it("a builder that hands out its one model again is read as the first time", async () => {
  const { readModelInHand } = await import("../../src/tfjs/model-source.ts");
  const { numTensors } = tf.memory();
  let model: ReturnType<typeof small> | null = null;
  const once = (tools: Parameters<typeof small>[0]) => {
    model ??= small(tools);
    return model;
  };
  const [one, two] = [await readModelInHand(once, "wasm"), await readModelInHand(once, "wasm")];
  expect(two.facts.key).toBe(one.facts.key);
  expect(tf.memory().numTensors).toBe(numTensors);
  // One that was there before stays whole.
  const given = layers.sequential({ layers: [layers.layers.dense({ units: 1, inputShape: [2] })] });
  await readModelInHand(() => given, "wasm");
  expect(given.getWeights()[0]!.dataSync()).toHaveLength(2);
  closeModel(given);
  expect(tf.memory().numTensors).toBe(numTensors);
});
