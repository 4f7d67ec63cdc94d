import type { TrainedModel } from "../platform/training/model.ts";
import { problems } from "../problems/registry.ts";
import { fromSafetensors } from "../wire/safetensors.ts";

/** A model as files: relative names with their bytes. A format of one file names it "". */
export type ModelFiles = readonly { readonly name: string; readonly bytes: Uint8Array }[];

/** A trained network as TensorFlow.js loads it: the layers as they were given, with its weights. */
export function networkFiles(model: TrainedModel, network: Uint8Array): ModelFiles {
  const { tensors, metadata } = fromSafetensors(network, "the network");
  const { parameters = [] } = problems.create(model.problem);
  const weights = [];
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { name, shape } of parameters) {
    const length = shape.reduce((a, b) => a * b, 1);
    weights.push({ name, shape, dtype: "float32" });
    parts.push(float32Bytes(model.weights.subarray(at, at + length)));
    at += length;
  }
  const moved = new Set(parameters.map(({ name }) => name));
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    // Of frozen layers: they are as they were stored.
    if (moved.has(name)) continue;
    weights.push({ name, shape, dtype: "float32" });
    parts.push(float32Bytes(Float32Array.from(data)));
  }
  const { featureNames, target } = model.preparation;
  const json = {
    format: "layers-model",
    generatedBy: `kofn ${model.run}`,
    convertedBy: null,
    modelTopology: {
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
      model_config: JSON.parse(metadata.topology ?? "null"),
    },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
    userDefinedMetadata: { features: featureNames, target, preparation: model.preparation },
  };
  return [
    { name: "model.json", bytes: new TextEncoder().encode(`${JSON.stringify(json)}\n`) },
    { name: "weights.bin", bytes: Buffer.concat(parts) },
  ];
}

/** A view of the values, no copy. */
export function float32Bytes(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
