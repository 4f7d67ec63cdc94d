import type { Preparation } from "../data/manifests.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { problems } from "../problems/registry.ts";
import type { NetworkFacts } from "../tfjs/definition.ts";
import { fromSafetensors, type Tensor } from "../wire/safetensors.ts";
import { refuseOthers, unitsOf } from "./coefficients.ts";
import { layerTensors } from "./named-tensors.ts";
import type { ModelFiles } from "./write-files.ts";

/** A layer as Keras writes it. */
interface Layer {
  readonly class_name: string;
  readonly config: unknown;
}

/**
 * A model as TensorFlow.js loads it, which standardises by its first layer: its input are features
 * in the data's own units, and a one for the level that a category has.
 */
export function layersModelFiles(model: TrainedModel): ModelFiles {
  const { preparation } = model;
  const isNetwork = problems.create(model.problem).parameters !== undefined;
  const features = preparation.featureNames.length - (preparation.intercept ? 1 : 0);
  const standardising = standardisingTensors(preparation, features);
  const { layers, tensors } = isNetwork ? networkLayers(model) : linearLayers(model, features);
  const head: readonly Layer[] = [
    {
      class_name: "InputLayer",
      config: { batch_input_shape: [null, features], dtype: "float32", name: "features" },
    },
    ...(standardising === null ? [] : [standardisingLayer]),
  ];
  const all = { ...standardising, ...tensors };
  const weights = Object.entries(all).map(([name, { shape }]) => ({
    name,
    shape,
    dtype: "float32",
  }));
  const json = {
    format: "layers-model",
    generatedBy: `kofn ${model.run}`,
    convertedBy: null,
    modelTopology: {
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
      model_config: {
        class_name: "Sequential",
        config: { name: "kofn", layers: [...head, ...layers] },
      },
    },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
    userDefinedMetadata: {
      features: preparation.featureNames.slice(0, features),
      target: preparation.target,
      preparation,
    },
  };
  const bytes = Object.values(all).map(({ data }) => float32Bytes(Float32Array.from(data)));
  return [
    { name: "model.json", bytes: new TextEncoder().encode(`${JSON.stringify(json)}\n`) },
    { name: "weights.bin", bytes: Buffer.concat(bytes) },
  ];
}

/** (x - mean) / deviation: a normalisation that was learned, and moves no more. */
const standardisingLayer: Layer = {
  class_name: "BatchNormalization",
  config: {
    ...{ name: "preparation", trainable: false, dtype: "float32" },
    ...{ axis: -1, momentum: 0.99, epsilon: 0, center: false, scale: false },
  },
};

/** Null where rows are taken as they are. */
function standardisingTensors(
  preparation: Preparation,
  features: number,
): Record<string, Tensor> | null {
  const units = unitsOf(preparation, features);
  if (units.every(({ mean, deviation }) => mean === 0 && deviation === 1)) return null;
  const means = Float32Array.from(units, ({ mean }) => mean);
  const variances = Float32Array.from(units, ({ deviation }) => deviation ** 2);
  return {
    "preparation/moving_mean": { shape: [features], data: means },
    "preparation/moving_variance": { shape: [features], data: variances },
  };
}

interface Body {
  readonly layers: readonly Layer[];
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** One dense layer over all features but the intercept, which becomes its bias. */
function linearLayers(model: TrainedModel, features: number): Body {
  refuseOthers(model, "tfjs");
  const named = layerTensors(model);
  const { data, shape } = named["linear.weight"]!;
  const units = shape[0]!;
  const kernel = new Float32Array(features * units);
  for (let unit = 0; unit < units; unit++)
    for (let j = 0; j < features; j++) kernel[j * units + unit] = data[unit * features + j]!;
  const { offset = 0 } = model.preparation.target;
  const bias = Float32Array.from({ length: units }, (_, unit) => {
    const own = named["linear.bias"]?.data[unit] ?? 0;
    return own + offset;
  });
  const activation = problems.create(model.problem).link ?? "linear";
  const config = { units, activation, use_bias: true, name: "linear", trainable: true };
  return {
    layers: [{ class_name: "Dense", config: { ...config, dtype: "float32" } }],
    tensors: {
      "linear/kernel": { shape: [features, units], data: kernel },
      "linear/bias": { shape: [units], data: bias },
    },
  };
}

/** The network as it was given, behind what its rows go through. */
function networkLayers(model: TrainedModel): Body {
  const { metadata } = fromSafetensors(model.network!, "the network");
  const { inputShape } = model.problem.facts as unknown as NetworkFacts;
  const topology = JSON.parse(metadata.topology ?? "null") as Layer;
  const shaping: readonly Layer[] =
    inputShape.length === 1
      ? []
      : [
          {
            class_name: "Reshape",
            config: { name: "rows", trainable: false, target_shape: inputShape },
          },
        ];
  return { layers: [...shaping, asLayer(topology)], tensors: layerTensors(model) };
}

/** A whole model as a layer of another needs a name. */
function asLayer({ class_name, config }: Layer): Layer {
  if (Array.isArray(config)) return { class_name, config: { name: "network", layers: config } };
  return { class_name, config: { name: "network", ...(config as object) } };
}

function float32Bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
