import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { costModel, tensorBytes, tracedGraph } from "../../src/model-parallel/cost-model.ts";
import { partitionGraph } from "../../src/model-parallel/graph-partitioner.ts";
import type { LayerGraph } from "../../src/model-parallel/layer-graph.ts";
import { contiguous, stageTable } from "../../src/model-parallel/partition.ts";
import { stagePrograms } from "../../src/model-parallel/stage-program.ts";
import { graphOfTopology } from "../../src/model-parallel/topology.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { countLiveBytes } from "../../src/tfjs/live-bytes.ts";
import { openStage } from "../../src/tfjs/stage.ts";
import { traceModel } from "../../src/tfjs/trace-model.ts";
import type { Tensor } from "../../src/wire/safetensors.ts";
import { plainRule } from "../model-parallel/synthetic.ts";
import { topologyOf, zooModel } from "../model-parallel/zoo.ts";
import { batchFor } from "./pipeline.ts";
import { shapesOfZoo } from "./shapes.ts";

const { dense } = tf.layers;

beforeAll(() => openTensorBackend("wasm"));

/** A clock on which each look takes a millisecond. */
function ticking(): () => number {
  let at = 0;
  return () => at++;
}

function inputsOf(graph: LayerGraph, model: tf.LayersModel, rows: number): Record<string, Tensor> {
  const { inputs } = batchFor(model, rows, randomFrom("trace"));
  return Object.fromEntries(graph.inputs.map((id, i) => [id, inputs[i]!]));
}

describe("a traced microbatch", () => {
  it("tells shapes, weights, and that time passes, layer by layer", async () => {
    for (const seed of [1, 2, 3]) {
      const { model, graph } = zooModel(seed);
      const trace = await traceModel(graph, {
        ...{ inputs: inputsOf(graph, model, 6), nowMs: ticking(), repeats: 1 },
      });
      const shape = (of: LayerGraph) => of.tensors.map((tensor) => [tensor.id, tensor.shape]);
      const traced = tracedGraph(graph, trace);
      expect(shape(traced)).toEqual(shape(shapesOfZoo(graph)));
      const bytes = Object.values(trace.modules).reduce((sum, one) => sum + one.weightBytes, 0);
      expect(bytes).toBe(4 * model.countParams());
      for (const { forwardMs, activationBytes } of Object.values(trace.nodes)) {
        expect(forwardMs).toBe(1);
        expect(activationBytes).toBeGreaterThan(0);
      }
      // It is all that a partition needs.
      const rule = { ...plainRule, examples: 6, balance: 0.5 };
      expect(partitionGraph(costModel(traced, trace, rule), 3, "replicate").stages).toHaveLength(3);
      model.dispose();
    }
  });

  it("forecasts within a twentieth the most that a stage of several layers holds", async () => {
    const wide = () => dense({ units: 256, activation: "relu" });
    const model = tf.sequential({
      layers: [dense({ units: 256, inputShape: [256] }), wide(), wide(), wide(), wide(), wide()],
    });
    const graph = graphOfTopology(topologyOf(model));
    const inputs = inputsOf(graph, model, 128);
    const trace = await traceModel(graph, { inputs, nowMs: ticking(), repeats: 1 });
    const traced = tracedGraph(graph, trace);
    const partition = contiguous(
      graph.nodes.map(({ id }) => id),
      [2, 6],
    );
    const rule = { ...plainRule, examples: 128 };
    const { rows } = stageTable(costModel(traced, trace, rule), partition);
    const batch = Object.values(inputs)[0]!;
    for (const [i, program] of stagePrograms(traced, partition).entries()) {
      const live = countLiveBytes();
      const stage = await openStage(program, randomFrom("run"));
      const given = Object.fromEntries(program.imports.map(({ tensor }) => [tensor, batch]));
      // Slopes of what it exports are as large as its inputs.
      const exported = program.steps.filter((step) => step.kind === "export");
      const slopes = Object.fromEntries(exported.map(({ key }) => [key, batch]));
      const ofOutputs = new Map([[0, batch.data as Float32Array]]);
      const loss = () => ({ loss: 0, slopes: program.outputs.length > 0 ? ofOutputs : new Map() });
      const task = { step: 0, microbatch: 0, examples: 128 };
      stage.backward(given, slopes, task, loss);
      live.takePeak();
      stage.backward(given, slopes, task, loss);
      const held = live.takePeak();
      live.stop();
      const forecast = tensorBytes(rows[i]!, 1);
      expect(forecast / held).toBeGreaterThan(0.95);
      expect(forecast / held).toBeLessThan(1.05);
      stage.close();
    }
  });

  it("counts tensors that share their numbers once, and what is packed for products", async () => {
    const live = countLiveBytes();
    const [a, b] = [core.ones([64, 32]), core.ones([32, 16])];
    expect(live.now()).toBe(4 * (64 * 32 + 32 * 16));
    const same = core.reshape(a, [32, 64]);
    expect(live.now()).toBe(4 * (64 * 32 + 32 * 16));
    live.takePeak();
    // kofn's own kernel packs eight columns at a time, and forgets them.
    const product = core.matMul(a, b);
    expect(live.takePeak() - live.now()).toBe(4 * (8 * 32 + 32));
    expect(live.now()).toBe(4 * (64 * 32 + 32 * 16 + 64 * 16));
    const before = live.now();
    const other = core.matMul(product, b, false, true);
    expect(live.takePeak() - before).toBe(4 * (64 * 32 + 8 * 16 + 32));
    expect(live.now() - before).toBe(4 * 64 * 32);
    expect(live.packed()).toBe(0);
    const bias = core.ones([16]);
    core.dispose(core.fused.matMul({ a, b, bias }));
    expect(live.packed()).toBe(0);
    // With a bound at zero it is the stock kernel's, which keeps what it packed.
    const biased = core.fused.matMul({ a, b, bias, activation: "relu" });
    expect(live.packed()).toBe(4 * 32 * 16);
    expect(live.now() - before).toBe(4 * (64 * 32 + 16 + 64 * 16 + 32 * 16));
    core.dispose([bias, biased]);
    core.dispose([a, b, same, product, other]);
    expect([live.now(), live.packed()]).toEqual([0, 0]);
    live.stop();
  });
});
