import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { messageOf, RunError } from "../core/errors.ts";
import { bounds } from "../limits.ts";
import type { Tensor } from "../wire/safetensors.ts";
import type { LayersTopology, NetworkDefinition } from "./definition.ts";

interface ModelJson {
  readonly modelTopology?: { readonly model_config?: LayersTopology } & Partial<LayersTopology>;
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly tf.io.WeightsManifestEntry[];
  }[];
}

/** Reads a model.json with its weights. Throws `RunError` that names what is wrong with it. */
export async function loadModelJson(path: string, place: string): Promise<NetworkDefinition> {
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
