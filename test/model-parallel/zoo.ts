import * as tf from "@tensorflow/tfjs-layers";
import { type Random, randomFrom } from "../../src/core/random.ts";
import type { LayerGraph } from "../../src/model-parallel/layer-graph.ts";
import type { Topology } from "../../src/model-parallel/read-topology.ts";
import { graphOfTopology } from "../../src/model-parallel/topology.ts";
import { withSeededRandom } from "../../src/tfjs/seeded-random.ts";

const { layers } = tf;
type Symbol = tf.SymbolicTensor;

export interface ZooModel {
  readonly seed: number;
  readonly model: tf.LayersModel;
  readonly topology: Topology;
  readonly graph: LayerGraph;
}

/** Width of every tensor of a random model, so that everything fits everything. */
export const zooWidth = 5;

/**
 * A random model: one or two inputs and outputs, branches, sums, concatenations, layers and nested
 * models used more than once, and skips from the first tensors to the last.
 */
export function zooModel(seed: number, extras: readonly ("dropout" | "norm")[] = []): ZooModel {
  const random = randomFrom(`zoo/${seed}`);
  const model = withSeededRandom(random.fork("weights"), () => build(random, seed, extras));
  const topology = topologyOf(model);
  return { seed, model, topology, graph: graphOfTopology(topology) };
}

export function topologyOf(model: tf.LayersModel): Topology {
  const { class_name, config } = model.toJSON(null, false) as unknown as Topology;
  // What travels is text.
  return JSON.parse(JSON.stringify({ class_name, config })) as Topology;
}

function build(random: Random, seed: number, extras: readonly string[]): tf.LayersModel {
  const named = (kind: string) => ({ name: `${kind}${seed}_${++count}` });
  let count = 0;
  const inputs = Array.from({ length: 1 + random.integer(2) }, () =>
    tf.input({ shape: [zooWidth], ...named("in") }),
  );
  const dense = (units = zooWidth) =>
    layers.dense({ units, activation: "tanh", biasInitializer: "randomNormal", ...named("dense") });
  const reusable: tf.LayersModel["layers"] = [];
  const once = (layer: tf.LayersModel["layers"][number]) => {
    reusable.push(layer);
    return layer;
  };
  const live: Symbol[] = inputs.map((input) => apply(once(dense()), input));
  // Every input is read: TensorFlow.js forgets the others when it writes a topology.
  const first = [...live];
  const anyOf = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  const recent = () => live[Math.max(0, live.length - 1 - random.integer(3))]!;
  const nested = () =>
    tf.sequential({
      layers: [
        layers.dense({ units: 3, inputShape: [zooWidth], ...named("inner") }),
        layers.dense({ units: zooWidth, activation: "tanh", ...named("inner") }),
      ],
      ...named("nest"),
    });
  const again = () => apply(anyOf(reusable), recent());
  const kinds: (() => Symbol)[] = [
    () => apply(once(dense()), recent()),
    again,
    again,
    () => apply(once(nested()), recent()),
    () => apply(layers.add(named("add")), [recent(), anyOf(live)]),
    () => apply(dense(), apply(layers.concatenate(named("concat")), [recent(), anyOf(live)])),
    () => apply(layers.layerNormalization(named("scale")), recent()),
  ];
  if (extras.includes("dropout"))
    kinds.push(() => apply(layers.dropout({ rate: 0.5, ...named("drop") }), recent()));
  if (extras.includes("norm"))
    kinds.push(() => apply(layers.batchNormalization(named("batch")), recent()));
  const steps = 5 + random.integer(5);
  for (let i = 0; i < steps; i++) live.push(anyOf(kinds)());
  for (const kind of kinds.slice(7)) live.push(kind());
  const last = apply(layers.add(named("add")), [live.at(-1)!, ...first]);
  const outputs = [apply(dense(2), last)];
  if (random.integer(2) === 1) outputs.push(apply(dense(3), anyOf(live.slice(1))));
  return tf.model({ inputs, outputs, ...named("zoo") });
}

function apply(layer: tf.LayersModel["layers"][number], to: Symbol | Symbol[]): Symbol {
  return layer.apply(to) as Symbol;
}
