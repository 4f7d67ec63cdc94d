import * as tfc from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { putShare, takeShare } from "../../src/math/tensor-share.ts";
import type { SplitRequest } from "../../src/model-parallel/choose-splits.ts";
import { tracedGraph } from "../../src/model-parallel/cost-model.ts";
import { layLanes } from "../../src/model-parallel/lanes.ts";
import { indexGraph, type LayerModule } from "../../src/model-parallel/layer-graph.ts";
import { splitGraph } from "../../src/model-parallel/split-graph.ts";
import { stagePrograms } from "../../src/model-parallel/stage-program.ts";
import { graphOfTopology } from "../../src/model-parallel/topology.ts";
import { hitsOfShares, overClassShares } from "../../src/problems/network/class-shares.ts";
import { tokenLoss } from "../../src/problems/translation/token-loss.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { ClassShare } from "../../src/tfjs/layers/class-share.ts";
import { ownLayers, registerLayers } from "../../src/tfjs/layers/own-layers.ts";
import { withSeededRandom } from "../../src/tfjs/seeded-random.ts";
import { openStage } from "../../src/tfjs/stage.ts";
import { traceModel } from "../../src/tfjs/trace-model.ts";
import { topologyOf } from "../model-parallel/zoo.ts";
import { type Batch, batchFor, layerOf, meanGradient, runStep, wholeGradient } from "./pipeline.ts";

const { layers } = tf;
type Symbol = tf.SymbolicTensor;

beforeAll(async () => {
  await openTensorBackend("wasm");
  registerLayers();
});

const positions = 3;

/** A model of one layer, or a few, between plain ones; `ids` reads tokens. */
function modelOf(of: (x: Symbol) => Symbol, tokens?: number): tf.LayersModel {
  return withSeededRandom(randomFrom("split"), () => {
    const input = tf.input({
      shape: tokens === undefined ? [positions, 8] : [positions],
      name: "x",
    });
    const made = of(input);
    const output = layers.dense({ units: 5, name: "last" }).apply(made) as Symbol;
    return tf.model({ inputs: input, outputs: output });
  });
}

const apply = (layer: tf.LayersModel["layers"][number], x: Symbol) => layer.apply(x) as Symbol;
const dense = (config: object) =>
  layers.dense({ units: 8, activation: "tanh", biasInitializer: "randomNormal", ...config });

interface Case {
  readonly what: string;
  readonly of: (x: Symbol) => Symbol;
  readonly ways: NonNullable<SplitRequest["ways"]>;
  readonly tokens?: number;
}
const cases: readonly Case[] = [
  {
    what: "a dense layer by columns",
    of: (x) => apply(dense({ name: "a" }), x),
    ways: { a: "column" },
  },
  {
    what: "a dense layer whose softmax looks at all columns",
    of: (x) => apply(dense({ name: "a", activation: "softmax" }), x),
    ways: { a: "column" },
  },
  { what: "a dense layer by rows", of: (x) => apply(dense({ name: "a" }), x), ways: { a: "row" } },
  {
    what: "a dense layer by rows, with penalties",
    of: (x) => apply(dense({ name: "a", kernelRegularizer: "l1l2", biasRegularizer: "l1l2" }), x),
    ways: { a: "row" },
  },
  {
    what: "a feed-forward block",
    of: (x) => apply(dense({ name: "b" }), apply(dense({ name: "a", units: 16 }), x)),
    ways: { a: "column", b: "row" },
  },
  {
    what: "attention by heads",
    of: (x) => apply(ownLayers.causalSelfAttention({ heads: 4, name: "a" }), x),
    ways: { a: "heads" },
  },
  {
    what: "an embedding by columns",
    of: (x) => apply(layers.embedding({ inputDim: 12, outputDim: 8, name: "a" }), x),
    ...{ ways: { a: "column" }, tokens: 12 },
  },
  {
    what: "an embedding by vocabulary",
    of: (x) =>
      apply(
        layers.embedding({ inputDim: 12, outputDim: 8, embeddingsRegularizer: "l1l2", name: "a" }),
        x,
      ),
    ...{ ways: { a: "vocabulary" }, tokens: 12 },
  },
];

function batchOf(model: tf.LayersModel, tokens: number | undefined): Batch {
  const random = randomFrom("rows");
  const batch = batchFor(model, 7, random);
  if (tokens === undefined) return batch;
  const { shape, data } = batch.inputs[0]!;
  return {
    ...batch,
    inputs: [{ shape, data: Float32Array.from(data, () => random.integer(tokens)) }],
  };
}

/** The model divided among workers, each of whose weights are shares of the whole's. */
async function divided(model: tf.LayersModel, batch: Batch, request: SplitRequest) {
  const plain = graphOfTopology(topologyOf(model));
  const weightsOf = (module: LayerModule) => layerOf(model, module.path).weights;
  const split = splitGraph(plain, request, (module) =>
    weightsOf(module).map(({ shape }) => shape.map(Number)),
  );
  const inputs = { [plain.inputs[0]!]: batch.inputs[0]! };
  const trace = await traceModel(split.graph, { inputs, nowMs: () => 0, repeats: 1 });
  const graph = tracedGraph(split.graph, trace);
  const whole = { stages: [{ worker: 0, nodes: plain.nodes.map(({ id }) => id) }] };
  const partition = layLanes(whole, split, indexGraph(graph), request.of);
  const modules = new Map(graph.modules.map((module) => [module.name, module]));
  const placeOf = (module: string, index: number) => {
    const weight = split.weightsOf(module)?.[index] ?? { index, share: null };
    const from = weightsOf(modules.get(module)!)[weight.index]!;
    const { name, path } = modules.get(module)!;
    const key = `${split.weightsOf(module) === null ? name : path.join("/")}/`;
    const own = from.originalName.slice(from.originalName.indexOf("/") + 1);
    return { ...weight, from, name: key + own, shape: from.shape.map(Number) };
  };
  const places = new Map<string, ReturnType<typeof placeOf>>();
  const programs = stagePrograms(graph, partition);
  const stages = await Promise.all(
    programs.map((program) => openStage(program, randomFrom("run"))),
  );
  for (const stage of stages) {
    const own = stage.weights.map(({ key, module, index, shape }) => {
      const place = placeOf(module, index);
      places.set(key, place);
      const data = place.from.read().dataSync() as Float32Array;
      return [key, { shape, data: place.share ? takeShare(data, place.shape, place.share) : data }];
    });
    stage.set(Object.fromEntries(own));
  }
  const close = () => stages.forEach((stage) => void stage.close());
  return { pipeline: { graph, programs, stages, close }, partition, places };
}

describe("layers that workers share", () => {
  it.each(cases)("$what: outputs and gradients are the whole's", async ({ of, ways, tokens }) => {
    const model = modelOf(of, tokens);
    const batch = batchOf(model, tokens);
    const graph = graphOfTopology(topologyOf(model));
    const aim = wholeGradient(graph, model, batch);
    for (const parts of [2, 4]) {
      const { pipeline, places, partition } = await divided(model, batch, { of: parts, ways });
      expect(new Set(partition.stages.map(({ worker }) => worker)).size).toBe(parts);
      const { parts: slopes } = runStep(pipeline, batch, {
        microbatches: 2,
        schedule: "interleaved",
      });
      const gradient = meanGradient(slopes, 2, batch.rows);
      const own = new Map<string, Float32Array>();
      for (const [key, { name, share, shape }] of places) {
        const length = shape.reduce((a, b) => a * b, 1);
        const there = own.get(name) ?? new Float32Array(length);
        own.set(name, there);
        const given = Float32Array.from(gradient.get(key)!);
        if (share === null) there.set(given);
        else putShare(given, shape, share, there);
      }
      expect([...own.keys()].sort()).toEqual([...aim.keys()].sort());
      for (const [name, slopesOfWhole] of aim) {
        const scale = Math.max(...Array.from(slopesOfWhole, Math.abs));
        expect(scale).toBeGreaterThan(0);
        const apart = slopesOfWhole.map((slope, i) => Math.abs(slope - own.get(name)![i]!) / scale);
        expect(Math.max(...apart), name).toBeLessThan(1e-5);
      }
      pipeline.close();
    }
    model.dispose();
  });
});

describe("a softmax whose classes several workers have", () => {
  const [rows, classes] = [6, 24];
  const random = randomFrom("scores");
  const scores = Float32Array.from({ length: rows * classes }, () => 3 * random.normal());
  const targets = Float32Array.from({ length: rows }, () => 4 + random.integer(classes - 4));
  const whole = (labelSmoothing: number) => {
    const slopes = new Float32Array(scores.length);
    const of = { labelSmoothing, tokens: classes };
    return { ...tokenLoss(scores, Int32Array.from(targets), rows, of, slopes), slopes };
  };

  /** The loss, and its slopes by what each worker's layer hands on. */
  function divided(of: number, labelSmoothing: number, over = classes) {
    const loss = overClassShares(1, over, labelSmoothing);
    const parts = Array.from({ length: of }, (_, part) => {
      const width = classes / of;
      const layer = new ClassShare({ first: part * width });
      const share = { axis: 1, blocks: 1, part, of };
      const own = tfc.tensor2d(takeShare(scores, [rows, classes], share), [rows, width]);
      const told = (x: tfc.Tensor) => layer.apply([x, tfc.tensor1d(targets)]) as tfc.Tensor;
      return { share, own, told };
    });
    const outputs = tfc.concat(
      parts.map(({ own, told }) => told(own)),
      -1,
    );
    const slopes = new Float32Array(outputs.size);
    const numbers = outputs.dataSync() as Float32Array;
    const sum = loss(numbers, targets, new Float32Array(), slopes);
    const all = new Float32Array(scores.length);
    for (const { share, own, told } of parts) {
      const given = takeShare(slopes, [rows, 5 * of], share);
      const slope = tfc.grad(told)(own, tfc.tensor2d(given, [rows, 5]));
      putShare(slope.dataSync() as Float32Array, [rows, classes], share, all);
    }
    const right = hitsOfShares(numbers, (at) => targets[at]!, rows);
    return { loss: sum, slopes: all, right };
  }

  it.each([
    [2, 0],
    [4, 0],
    [2, 0.1],
    [4, 0.1],
  ])("in %i shares with label smoothing %f is the undivided one", (of, labelSmoothing) => {
    const aim = whole(labelSmoothing);
    const own = divided(of, labelSmoothing);
    expect(own.loss / aim.loss).toBeCloseTo(1, 5);
    expect(own.right).toBe(aim.right);
    const apart = own.slopes.map((slope, i) => Math.abs(slope - aim.slopes[i]!));
    expect(Math.max(...apart)).toBeLessThan(1e-5 * Math.max(...aim.slopes.map(Math.abs)));
  });

  it("smoothed by each worker over its own classes would be another loss", () => {
    const aim = whole(0.1);
    const own = divided(4, 0.1, classes / 4);
    expect(Math.abs(own.loss / aim.loss - 1)).toBeGreaterThan(1e-3);
    const apart = own.slopes.map((slope, i) => Math.abs(slope - aim.slopes[i]!));
    expect(Math.max(...apart)).toBeGreaterThan(0.01 * Math.max(...aim.slopes.map(Math.abs)));
  });
});
