import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { beforeAll, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { losses, overRows } from "../../src/problems/network/losses.ts";
import { closeNetworks } from "../../src/problems/stored-networks.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { openEngine } from "../../src/tfjs/engine.ts";
import { type Builder, readModelInHand } from "../../src/tfjs/model-source.ts";
import { transformerDefinition } from "../../src/tfjs/transformer/transformer-definition.ts";
import { openTranslator } from "../../src/tfjs/transformer/translator.ts";
import { pipelined, pipelineSpec } from "../strategies/pipeline/pipelined.ts";
import { engineOf, models } from "./models.ts";

beforeAll(() => openTensorBackend("wasm"));

const dense = () =>
  layers.sequential({
    layers: [
      layers.layers.dense({ units: 8, activation: "tanh", inputShape: [6] }),
      layers.layers.dense({ units: 5 }),
    ],
  });

const engines = [
  ...Object.entries(models).map(([name, build]) => [name, build, "tfjs"] as const),
  ["dense layers in kofn's own kernels", dense, "auto"] as const,
];

it.each(engines)("%s is closed and opens again with the same bits", async (_, build, kind) => {
  const engine = await engineOf(build(), "wasm", kind);
  const weights = engine.initial(randomFrom(5));
  const inputs = build()
    .inputs[0]!.shape.slice(1)
    .reduce<number>((a, b) => a * Number(b), 1);
  const values = Float32Array.from({ length: 4 * inputs }, (_, i) => (i * 5) % 7);
  const rows = { kind: "dense", rows: 4, columns: inputs, values } as const;
  const passes = () => {
    const gradient = new Float64Array(weights.length);
    const targets = new Float32Array(4);
    const loss = engine.lossAndGradient({ rows, targets }, weights, gradient);
    const initial = engine.initial(randomFrom(5));
    return { loss, gradient, outputs: engine.outputs(rows, weights), initial };
  };
  const before = passes();
  const { numTensors } = tf.memory();
  const open = engine.bytes;
  expect(open).toBeGreaterThan(0);
  engine.close();
  expect(engine.bytes).toBe(0);
  expect(tf.memory().numTensors).toBeLessThan(numTensors);
  engine.close();
  expect(passes()).toEqual(before);
  expect(engine.bytes).toBe(open);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("weights that never move are the stored ones again", async () => {
  const frozen: Builder = ({ tf: { layers: of, sequential } }) =>
    sequential({
      layers: [
        of.dense({ units: 4, inputShape: [3], trainable: false }),
        of.dense({ units: 2, activation: "relu" }),
      ],
    });
  const { bytes, facts } = await readModelInHand(frozen, "wasm");
  const loss = overRows(losses.meanSquaredError, 1, 2);
  const given = { backend: "wasm", engine: "tfjs", loss, takesLink: false } as const;
  const engine = await openEngine(bytes, facts.key, given);
  const weights = engine.initial(randomFrom(1));
  const rows = { kind: "dense", rows: 1, columns: 3, values: Float32Array.of(1, 2, 3) } as const;
  const before = engine.outputs(rows, weights);
  engine.close();
  expect(engine.outputs(rows, weights)).toEqual(before);
  engine.close();
});

it("rows that moved are not enough for a network that was closed", async () => {
  const engine = await engineOf(models["an embedding model"]!(), "wasm");
  const weights = engine.initial(randomFrom(5));
  const values = Float32Array.from({ length: 12 }, (_, i) => i % 7);
  const rows = { kind: "dense", rows: 2, columns: 6, values } as const;
  const examples = { rows, targets: new Float32Array(2) };
  const told = () => {
    const none = [new Uint32Array(), null, null];
    return engine.slicedGradient(examples, weights, "auto", randomFrom(1), none)!.loss;
  };
  const before = told();
  expect(told()).toBe(before);
  engine.close();
  expect(told()).toBe(before);
  engine.close();
});

it("a Transformer is closed and opens again with the same bits", async () => {
  const sizes = { tokens: 9, width: 8, heads: 2, layers: 1, hidden: 8, dropout: 0 };
  const { bytes, key } = await transformerDefinition(sizes, "wasm");
  const { numTensors } = tf.memory();
  const translator = await openTranslator(bytes, key, { backend: "wasm", sizes });
  const weights = translator.initial(randomFrom(3));
  const sentences = { rows: 1, length: 3, tokens: Int32Array.of(4, 5, 2) };
  const scores = () => translator.scores(sentences, sentences, weights);
  const before = scores();
  translator.close();
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(scores()).toEqual(before);
  translator.close();
});

it("stages that are closed before any task are set to their weights again", async () => {
  const { run } = await pipelined(pipelineSpec({ placement: "2 | 2 | ...", microbatches: 2 }));
  const { digest } = await run("kept");
  let closed = 0;
  const others = await run("closed", {
    worker: (perform) => (task) => {
      closed++;
      closeNetworks();
      return perform(task);
    },
  });
  expect(others.digest).toBe(digest);
  expect(closed).toBeGreaterThan(20);
});
