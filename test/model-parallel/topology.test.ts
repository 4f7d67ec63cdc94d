import * as core from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { RunError } from "../../src/core/errors.ts";
import {
  indexGraph,
  type LayerGraph,
  sharedModules,
  validateGraph,
  weightGroups,
} from "../../src/model-parallel/layer-graph.ts";
import { graphOfTopology } from "../../src/model-parallel/topology.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { topologyOf, zooModel, zooWidth } from "./zoo.ts";

const { layers } = tf;

beforeAll(() => openTensorBackend("wasm"));

function twoTowers(): tf.LayersModel {
  const [a, b] = [tf.input({ shape: [4], name: "a" }), tf.input({ shape: [3], name: "b" })];
  const inner = tf.sequential({
    name: "inner",
    layers: [
      layers.dense({ units: 3, inputShape: [4], name: "d1" }),
      layers.dense({ units: 3, name: "d2" }),
    ],
  });
  const shared = layers.dense({ units: 3, name: "shared" });
  const x = inner.apply(a) as tf.SymbolicTensor;
  const pair = [shared.apply(b), shared.apply(x)] as tf.SymbolicTensor[];
  const sum = layers.add({ name: "sum" }).apply(pair) as tf.SymbolicTensor;
  return tf.model({ inputs: [a, b], outputs: [sum, x], name: "towers" });
}

/** Computes a graph use by use, by the layers of the model that it was read from. */
function evaluate(graph: LayerGraph, model: tf.LayersModel, inputs: core.Tensor[]): core.Tensor[] {
  const index = indexGraph(graph);
  const values = new Map(graph.inputs.map((id, i) => [id, inputs[i]!]));
  for (const node of graph.nodes) {
    let layer: { apply(inputs: unknown): unknown } = model as never;
    for (const name of index.module(node.module).path)
      layer = (layer as unknown as tf.LayersModel).getLayer(name) as never;
    const given = node.inputs.map((id) => values.get(id)!);
    const made = layer.apply(given.length === 1 ? given[0] : given);
    for (const [k, id] of node.outputs.entries())
      values.set(id, (Array.isArray(made) ? made : [made])[k] as core.Tensor);
  }
  return graph.outputs.map((id) => values.get(id)!);
}

describe("the graph of a model, read from its topology", () => {
  it("holds nested, shared and several: uses, what they read, inputs, outputs", () => {
    const graph = graphOfTopology(topologyOf(twoTowers()));
    expect(graph.nodes.map(({ id, inputs }) => [id, ...inputs])).toEqual([
      ["shared", "b"],
      ["inner/d1", "a"],
      ["inner/d2", "inner/d1"],
      ["shared#1", "inner/d2"],
      ["sum", "shared", "shared#1"],
    ]);
    expect(graph.inputs).toEqual(["a", "b"]);
    expect(graph.outputs).toEqual(["sum", "inner/d2"]);
    expect(graph.tensors[0]).toEqual({
      ...{ id: "a", producer: null, shape: [null, 4], dtype: "float32", bytesPerExample: 16 },
    });
    expect([...sharedModules(graph)]).toEqual([["shared", [0, 3]]]);
  });

  it("takes a nested model as one layer where asked", () => {
    const graph = graphOfTopology(topologyOf(twoTowers()), { nested: "whole" });
    expect(graph.nodes.map(({ id }) => id)).toEqual(["shared", "inner", "shared#1", "sum"]);
  });

  it("uses a nested model as often as the outer one does", () => {
    const inner = twoTowers();
    const inputs = [1, 2, 3].map((i) => tf.input({ shape: [i === 2 ? 3 : 4], name: `i${i}` }));
    const once = inner.apply([inputs[0]!, inputs[1]!]) as tf.SymbolicTensor[];
    const twice = inner.apply([inputs[2]!, once[1]!]) as tf.SymbolicTensor[];
    const outer = tf.model({ inputs, outputs: [twice[0]!, once[0]!], name: "outer" });
    const graph = graphOfTopology(topologyOf(outer));
    const uses = graph.nodes.filter(({ module }) => module === "towers/shared");
    expect(uses.map(({ id }) => id)).toEqual(
      [0, 1, 2, 3].map((k) => `towers/shared${k ? `#${k}` : ""}`),
    );
    const given = [4, 3, 4].map((width, i) =>
      core.randomNormal([2, width], 0, 1, "float32", i + 1),
    );
    const own = outer.predict(given) as core.Tensor[];
    for (const [i, tensor] of evaluate(graph, outer, given).entries())
      expect([...tensor.dataSync()]).toEqual([...own[i]!.dataSync()]);
  });

  it("reads sequential models, in each other too, with a chain's shapes", () => {
    const deep = tf.sequential({
      layers: [
        tf.sequential({ name: "first", layers: [layers.dense({ units: 2, inputShape: [7] })] }),
        layers.reshape({ targetShape: [1, 2], name: "last" }),
      ],
    });
    const graph = graphOfTopology(topologyOf(deep));
    expect(graph.nodes).toHaveLength(2);
    expect(graph.tensors[0]!.shape).toEqual([null, 7]);
    expect(graph.outputs).toEqual(["last"]);
  });

  it("computes what the model computes, for 60 random models", () => {
    const kinds = { sharing: 0, nested: 0, twoInputs: 0, twoOutputs: 0 };
    for (let seed = 1; seed <= 60; seed++) {
      core.tidy(() => {
        const { model, graph } = zooModel(seed);
        const given = graph.inputs.map((_, i) =>
          core.randomNormal([3, zooWidth], 0, 1, "float32", 7 * seed + i),
        );
        // In training: TensorFlow.js would free tensors that are still read.
        const told = [model.apply(given, { training: true })].flat() as core.Tensor[];
        const own = evaluate(graph, model, given);
        expect(own.map((t) => [...t.dataSync()])).toEqual(told.map((t) => [...t.dataSync()]));
        if (sharedModules(graph).size > 0) kinds.sharing++;
        if (graph.modules.some(({ path }) => path.length > 1)) kinds.nested++;
        if (graph.inputs.length > 1) kinds.twoInputs++;
        if (graph.outputs.length > 1) kinds.twoOutputs++;
        model.dispose();
      });
    }
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(10);
  });
});

describe("what is no graph is refused by name", () => {
  const changed = (change: (graph: Record<keyof LayerGraph, unknown[]>) => void) => () => {
    const copy = structuredClone(graphOfTopology(topologyOf(twoTowers())));
    change(copy as never);
    validateGraph(copy);
  };
  it.each<[string, () => unknown]>([
    ['"sum" reads "shared", which nothing', changed((g) => void g.nodes.reverse())],
    ['there are two layers "shared"', changed((g) => void g.modules.push(g.modules[0]))],
    ["it has no outputs", changed((g) => void g.outputs.splice(0))],
    ['nothing makes the tensor "sum"', changed((g) => void g.nodes.pop())],
    ["not a Functional", () => graphOfTopology({ class_name: "Dense", config: {} })],
    ["lists no layers", () => graphOfTopology({ class_name: "Model", config: {} })],
  ])("%s", (message, work) => {
    expect(work).toThrow(RunError);
    expect(work).toThrow(message);
  });

  it("and a layer that is not there gets the nearest name", () => {
    const topology = topologyOf(twoTowers());
    const { output_layers: outputs } = topology.config as {
      output_layers: [string, number, number][];
    };
    outputs[0]![0] = "sun";
    expect(() => graphOfTopology(topology)).toThrow('has no layer "sun"; did you mean "sum"?');
  });
});

it("modules are grouped by any weight in common, also by way of others", () => {
  const module = (name: string, ...weights: string[]) => ({
    ...{ name, path: [name], className: "Dense", config: {}, weights },
  });
  const modules = [module("a", "x"), module("b", "y"), module("c", "z"), module("d", "y", "x")];
  const graph = { name: "g", modules, nodes: [], tensors: [], inputs: [], outputs: [] };
  expect(weightGroups(graph)).toEqual([[0, 1, 3], [2]]);
});
