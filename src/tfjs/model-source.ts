import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { messageOf, RunError } from "../core/errors.ts";
import { randomFrom } from "../core/random.ts";
import { bounds } from "../limits.ts";
import type { Tensor } from "../wire/safetensors.ts";
import { type BackendChoice, openTensorBackend } from "./backend.ts";
import {
  definitionBytes,
  type LayersTopology,
  type NetworkDefinition,
  type NetworkFacts,
  namedTensors,
  shapesOf,
  weightVariables,
} from "./definition.ts";
import { ownLayerClasses } from "./known-layers.ts";
import { ownLayers, registerLayers } from "./layers/own-layers.ts";
import { modelFrom } from "./open-model.ts";
import { withSeededRandom } from "./seeded-random.ts";

type TensorFlow = Omit<typeof tf, "default"> & Omit<typeof layers, "default">;

/** What a module that builds a model is handed, so that it need not install TensorFlow.js. */
export type Builder = (tools: {
  readonly tf: TensorFlow;
  /** Layers that TensorFlow.js does not have, known to every worker. */
  readonly own: typeof ownLayers;
}) => layers.LayersModel | Promise<layers.LayersModel>;

/** A network's definition as bytes for the store, and what a spec says of it. */
export interface ReadModel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly facts: NetworkFacts;
}

/** Reads a model.json with its weights, or runs a module whose default export builds a model. */
export async function readModelModule(path: string, backend: BackendChoice): Promise<ReadModel> {
  await openTensorBackend(backend);
  registerLayers();
  const place = `problem.model: ${path}`;
  const isModule = [".ts", ".js", ".mjs"].includes(extname(path));
  return readDefined(isModule ? await built(path, place) : await loaded(path, place), place);
}

/** The same of a model that a program has: of one in hand with its weights, of a builder drawn. */
export async function readModelInHand(
  given: Builder | layers.LayersModel,
  backend: BackendChoice,
): Promise<ReadModel> {
  await openTensorBackend(backend);
  registerLayers();
  return readDefined(await definedBy(given), "model");
}

async function definedBy(given: Builder | layers.LayersModel): Promise<NetworkDefinition> {
  if (typeof given === "function") return builtBy(given, "problem.model");
  return { topology: topologyOf(given), weights: namedTensors(given.weights) };
}

async function readDefined(
  { topology, weights }: NetworkDefinition,
  place: string,
): Promise<ReadModel> {
  const model = await withSeededRandom(randomFrom("shapes"), () => modelFrom(topology, place));
  refuseSeveral(model, place);
  for (const weight of model.weights) {
    const stored = weights[weight.originalName];
    if (stored !== undefined && String(stored.shape) !== String(weight.shape))
      throw new RunError(
        "bad-model",
        `${place}: ${weight.originalName} has shape [${stored.shape}], expected [${weight.shape}]`,
        { hint: "topology and weights are of two models: save the model again" },
      );
  }
  const shapes = shapesOf(model);
  model.dispose();
  const own = ownLayerClasses(topology);
  const ownLayers = own.length === 0 ? {} : { ownLayers: own };
  const bytes = definitionBytes({ topology, weights });
  const key = `networks/${hash("sha256", bytes, "hex")}.safetensors`;
  return { bytes, facts: { key, ...shapes, ...ownLayers } };
}

async function built(path: string, place: string): Promise<NetworkDefinition> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (thrown) {
    throw new RunError("bad-model", `${place}: ${messageOf(thrown)}`, { cause: thrown });
  }
  if (typeof module.default !== "function")
    throw new RunError("bad-model", `${place}: it has no function as its default export`, {
      hint: "export default ({ tf }) => tf.sequential({ layers: [...] })",
    });
  return builtBy(module.default as Builder, place);
}

/** What a builder makes: its layers, and weights where some never move. */
async function builtBy(build: Builder, place: string): Promise<NetworkDefinition> {
  let model: layers.LayersModel;
  try {
    model = await build({ tf: { ...tf, ...layers } as unknown as TensorFlow, own: ownLayers });
  } catch (thrown) {
    throw new RunError("bad-model", `${place}: ${messageOf(thrown)}`, {
      hint: "the module's default export failed to build the model",
      cause: thrown,
    });
  }
  if (typeof model?.toJSON !== "function")
    throw new RunError("bad-model", `${place}: its default export returns no layers model`, {
      hint: "return what tf.sequential(...) or tf.model(...) made",
    });
  const topology = topologyOf(model);
  // Weights are drawn from the spec's seed, save those that never move.
  const moving = new Set(weightVariables(model).map(({ variable }) => variable));
  const frozen = model.weights.filter((weight) => !moving.has(weight.read() as tf.Variable));
  const weights = frozen.length === 0 ? {} : namedTensors(model.weights);
  return { topology, weights };
}

function topologyOf(model: layers.LayersModel): LayersTopology {
  const { class_name, config } = model.toJSON(null, false) as unknown as LayersTopology;
  return { class_name, config };
}

/**
 * A model that a program has as the files of a model.json: one in hand with its weights, which
 * training starts from; one that is built with those that never move, all others being drawn.
 */
export async function modelJsonOf(
  given: Builder | layers.LayersModel,
): Promise<{ readonly json: string; readonly weights: Uint8Array }> {
  await openTensorBackend("auto");
  registerLayers();
  const { topology, weights } = await definedBy(given);
  const listed = Object.entries(weights).map(([name, { shape }]) => ({
    ...{ name, shape, dtype: "float32" },
  }));
  const manifest = [{ paths: ["weights.bin"], weights: listed }];
  const weightsManifest = listed.length === 0 ? [] : manifest;
  const values = Object.values(weights).map(({ data }) => Float32Array.from(data));
  return {
    json: JSON.stringify({ format: "layers-model", modelTopology: topology, weightsManifest }),
    weights: Buffer.concat(values.map(({ buffer }) => new Uint8Array(buffer))),
  };
}

interface ModelJson {
  readonly modelTopology?: { readonly model_config?: LayersTopology } & Partial<LayersTopology>;
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly tf.io.WeightsManifestEntry[];
  }[];
}

async function loaded(path: string, place: string): Promise<NetworkDefinition> {
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new RunError("no-such-file", `${place}: ${said(cause)}`, {
      hint: `paths are taken from ${resolve(".")}`,
      cause,
    });
  });
  let json: ModelJson & Partial<LayersTopology>;
  try {
    json = JSON.parse(text) as ModelJson & Partial<LayersTopology>;
  } catch (thrown) {
    throw new RunError("bad-model", `${place}: not JSON: ${messageOf(thrown)}`, {
      hint: "give the model.json that model.save() or tensorflowjs_converter wrote",
    });
  }
  const topologyJson = json.modelTopology ?? json;
  const topology =
    (topologyJson as { model_config?: LayersTopology }).model_config ??
    (topologyJson as LayersTopology);
  if (typeof topology?.class_name !== "string")
    throw new RunError("bad-model", `${place}: it holds no layers model`, {
      hint: "graph models cannot be trained: convert with --output_format=tfjs_layers_model",
    });
  const { class_name, config } = topology;
  return { topology: { class_name, config }, weights: await weightsOf(json, path, place) };
}

async function weightsOf(
  { weightsManifest = [] }: ModelJson,
  path: string,
  place: string,
): Promise<Readonly<Record<string, Tensor>>> {
  const weights: Record<string, Tensor> = {};
  for (const { paths, weights: entries } of weightsManifest) {
    const files: Buffer[] = [];
    for (const file of paths) files.push(await shard(resolve(dirname(path), file), file, place));
    const bytes = Buffer.concat(files);
    const needed = entries.reduce(
      (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1),
      0,
    );
    const isPacked = entries.some(({ quantization }) => quantization !== undefined);
    if (!isPacked && bytes.length !== needed)
      throw new RunError(
        "bad-weights",
        `${place}: ${paths.join(", ")} hold ${bytes.length} bytes, expected ${needed}`,
        { hint: "copy the weights file again: it belongs to another model, or is cut off" },
      );
    const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const decoded = tf.io.decodeWeights(copy as ArrayBuffer, [...entries]);
    for (const [name, tensor] of Object.entries(decoded)) {
      weights[name] = { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) };
      tensor.dispose();
    }
  }
  return weights;
}

async function shard(path: string, name: string, place: string): Promise<Buffer> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new RunError("no-weights", `${place}: weights file ${name}: ${said(cause)}`, {
      hint: "it must lie beside the model.json that names it",
      cause,
    });
  });
  if (bytes.length <= 8 * bounds.headerBytesMax) return bytes;
  throw new RunError("bad-weights", `${place}: ${name} holds ${bytes.length} bytes, too many`);
}

function said(cause: NodeJS.ErrnoException): string {
  return cause.code === "ENOENT" ? "there is no such file" : messageOf(cause);
}

function refuseSeveral(model: layers.LayersModel, place: string): void {
  const { inputs, outputs } = model;
  if (inputs.length === 1 && outputs.length === 1) return;
  throw new RunError(
    "bad-model",
    `${place}: ${inputs.length} inputs and ${outputs.length} outputs, expected one of each`,
    { hint: "join them with a layer: rows of data are one input" },
  );
}
