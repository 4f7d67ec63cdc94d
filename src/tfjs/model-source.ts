import { hash } from "node:crypto";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { messageOf, RunError } from "../core/errors.ts";
import { randomFrom } from "../core/random.ts";
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
import { loadModelJson } from "./model-json.ts";
import { closeModel, closingNew, modelFrom } from "./open-model.ts";
import { withSeededRandom } from "./seeded-random.ts";

type TensorFlow = Omit<typeof tf, "default"> & Omit<typeof layers, "default">;

/**
 * What a module that builds a model is handed, so that it need not install TensorFlow.js. Weights
 * that it makes are freed once they were read.
 */
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
  return readDefined(isModule ? await built(path, place) : await loadModelJson(path, place), place);
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
  const shapes = await shapesIn({ topology, weights }, place);
  const own = ownLayerClasses(topology);
  const ownLayers = own.length === 0 ? {} : { ownLayers: own };
  const bytes = definitionBytes({ topology, weights });
  const key = `networks/${hash("sha256", bytes, "hex")}.safetensors`;
  return { bytes, facts: { key, ...shapes, ...ownLayers } };
}

/** Builds it once. Throws `RunError` where the weights are not its own. */
async function shapesIn({ topology, weights }: NetworkDefinition, place: string) {
  const model = await withSeededRandom(randomFrom("shapes"), () => modelFrom(topology, place));
  try {
    refuseSeveral(model, place);
    for (const weight of model.weights) {
      const stored = weights[weight.originalName];
      if (stored !== undefined && String(stored.shape) !== String(weight.shape))
        throw new RunError(
          "bad-model",
          `${place}: ${weight.originalName} has shape [${stored.shape}], ` +
            `expected [${weight.shape}]`,
          { hint: "topology and weights are of two models: save the model again" },
        );
    }
    return shapesOf(model);
  } finally {
    closeModel(model);
  }
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

/** What was read of models that builders made and that are closed: a builder may keep its own. */
const closedModels = new WeakMap<layers.LayersModel, NetworkDefinition>();

/** What a builder makes: its layers, and weights where some never move. */
async function builtBy(build: Builder, place: string): Promise<NetworkDefinition> {
  const closeNew = closingNew();
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
  const known = closedModels.get(model);
  if (known !== undefined) return known;
  const topology = topologyOf(model);
  // Weights are drawn from the spec's seed, save those that never move.
  const moving = new Set(weightVariables(model).map(({ variable }) => variable));
  const isDrawn = model.weights.every((weight) => moving.has(weight.read() as tf.Variable));
  const defined = { topology, weights: isDrawn ? {} : namedTensors(model.weights) };
  if (closeNew(model)) closedModels.set(model, defined);
  return defined;
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

function refuseSeveral(model: layers.LayersModel, place: string): void {
  const { inputs, outputs } = model;
  if (inputs.length === 1 && outputs.length === 1) return;
  throw new RunError(
    "bad-model",
    `${place}: ${inputs.length} inputs and ${outputs.length} outputs, expected one of each`,
    { hint: "join them with a layer: rows of data are one input" },
  );
}
