import { RunError } from "../core/errors.ts";
import type { ColumnPlan, Preparation } from "../data/manifests.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { problems } from "../problems/registry.ts";
import { float32Bytes, type ModelFiles, networkFiles } from "./export-network.ts";

export interface ExportFormat {
  readonly name: string;
  readonly summary: string;
  /** The default path: a file, or a folder for several files. */
  defaultPath(run: string): string;
  files(model: TrainedModel): ModelFiles;
}

/** Everything `kofn export` can write. */
export const exportFormats: readonly ExportFormat[] = [
  {
    name: "safetensors",
    summary: "weights, with the preparation of raw rows in the metadata",
    defaultPath: (run) => `${run}.safetensors`,
    files: ({ bytes }) => [{ name: "", bytes }],
  },
  {
    name: "npy",
    summary: "the weights alone, as a NumPy array; a row a class where there are several",
    defaultPath: (run) => `${run}.npy`,
    files: (model) => [{ name: "", bytes: npyOf(model) }],
  },
  {
    name: "tfjs",
    summary: "a TensorFlow.js layers model of prepared features: model.json and weights.bin",
    defaultPath: (run) => `${run}-tfjs`,
    files: tfjsOf,
  },
  {
    name: "json",
    summary: "coefficients by feature, as trained and in the data's own units",
    defaultPath: (run) => `${run}.json`,
    files: (model) => [{ name: "", bytes: jsonBytes(coefficients(model)) }],
  },
];

function npyOf(model: TrainedModel): Uint8Array {
  if (model.network !== null) refusePairs(model, "npy");
  const { offset = 0 } = model.preparation.target;
  const weights = offset === 0 ? model.weights : withOffset(model, offset);
  const outputs = outputsOf(model).length;
  const shape = outputs === 1 ? `${weights.length},` : `${outputs}, ${weights.length / outputs}`;
  const descr = offset === 0 ? "<f4" : "<f8";
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes; data begin at a multiple of 64.
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0]);
  start.writeUInt16LE(padded.length, 8);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), float32Bytes(weights)]);
}

/** In float64: float32 would lose the digits that removing the offset kept. */
function withOffset({ weights }: TrainedModel, offset: number): Float64Array<ArrayBuffer> {
  const out = Float64Array.from(weights);
  out[out.length - 1]! += offset;
  return out;
}

/** One dense layer over all features but the intercept, which becomes its bias. */
function tfjsOf(model: TrainedModel): ModelFiles {
  if (model.network !== null) return networkFiles(model, model.network);
  refusePairs(model, "tfjs");
  const { preparation } = model;
  const outputs = outputsOf(model);
  const inputs = outputs[0]!.length - (preparation.intercept ? 1 : 0);
  const kernel = new Float32Array(inputs * outputs.length);
  for (const [unit, weights] of outputs.entries())
    for (let j = 0; j < inputs; j++) kernel[j * outputs.length + unit] = weights[j]!;
  const bias = Float32Array.from(outputs, (weights) =>
    preparation.intercept ? weights[inputs]! + (preparation.target.offset ?? 0) : 0,
  );
  return [
    { name: "model.json", bytes: jsonBytes(tfjsTopology(model, inputs, outputs.length)) },
    { name: "weights.bin", bytes: Buffer.concat([float32Bytes(kernel), float32Bytes(bias)]) },
  ];
}

function tfjsTopology(
  { preparation, problem, run }: TrainedModel,
  inputs: number,
  units: number,
): object {
  const layers = [
    {
      class_name: "InputLayer",
      config: { batch_input_shape: [null, inputs], dtype: "float32", name: "features" },
    },
    {
      class_name: "Dense",
      config: {
        units,
        activation: problems.create(problem).link ?? "linear",
        use_bias: true,
        name: "linear",
        trainable: true,
        dtype: "float32",
      },
    },
  ];
  return {
    format: "layers-model",
    generatedBy: `kofn ${run}`,
    convertedBy: null,
    modelTopology: {
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
      model_config: { class_name: "Sequential", config: { name: "kofn", layers } },
    },
    weightsManifest: [
      {
        paths: ["weights.bin"],
        weights: [
          { name: "linear/kernel", shape: [inputs, units], dtype: "float32" },
          { name: "linear/bias", shape: [units], dtype: "float32" },
        ],
      },
    ],
    userDefinedMetadata: { features: preparation.featureNames.slice(0, inputs), preparation },
  };
}

/** Factors of users and items are neither coefficients nor a dense layer. */
function refusePairs({ problem }: TrainedModel, format: string): void {
  const { pairs, parameters } = problems.create(problem);
  if (parameters !== undefined)
    throw new RunError("bad-format", `--format: ${format} cannot hold a network`, {
      hint: "choose tfjs or safetensors",
    });
  if (pairs === undefined) return;
  throw new RunError("bad-format", `--format: ${format} cannot hold a model of ${problem.type}`, {
    hint: "choose safetensors or npy; kofn predict rates any user and item",
  });
}

/** y = intercept + sum of coefficients: over standardised features, and in the data's units. */
function coefficients(model: TrainedModel): object {
  refusePairs(model, "json");
  const { run, problem, preparation } = model;
  const { target, columns } = preparation;
  const outputs = outputsOf(model).map((weights) => coefficientsOf(weights, preparation));
  const about = { run, problem, target };
  if (outputs.length === 1) return { ...about, ...outputs[0], columns };
  const classes = outputs.map((output, i) => ({ class: target.classes?.[i], ...output }));
  return { ...about, classes, columns };
}

function coefficientsOf(weights: Float32Array, preparation: Preparation): object {
  const features = weights.length - (preparation.intercept ? 1 : 0);
  const units = unitsOf(preparation, features);
  const { offset = 0 } = preparation.target;
  const standardized = (preparation.intercept ? weights[features]! : 0) + offset;
  let original = standardized;
  const coefficients = units.map(({ mean, deviation }, i) => {
    const weight = weights[i]!;
    original -= (weight * mean) / deviation;
    const feature = preparation.featureNames[i]!;
    return { feature, standardized: weight, original: weight / deviation };
  });
  return { intercept: { standardized, original }, coefficients };
}

/** The weights of each output: one block after another. */
function outputsOf({ weights, preparation }: TrainedModel): Float32Array[] {
  const columns = preparation.featureNames.length;
  return Array.from({ length: weights.length / columns }, (_, output) =>
    weights.subarray(output * columns, (output + 1) * columns),
  );
}

/** How each stored feature comes from its column; categories and sparse features are unchanged. */
function unitsOf(
  { columns, sparse }: Preparation,
  features: number,
): { readonly mean: number; readonly deviation: number }[] {
  const asIs = { mean: 0, deviation: 1 };
  if (sparse) return Array.from({ length: features }, () => asIs);
  return columns.flatMap((plan: ColumnPlan) =>
    plan.kind === "numeric"
      ? [{ mean: plan.mean, deviation: plan.deviation }]
      : plan.levels.map(() => asIs),
  );
}

function jsonBytes(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}
