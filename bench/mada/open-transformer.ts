import * as tf from "@tensorflow/tfjs-layers";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { definitionBytes, type LayersTopology } from "../../src/tfjs/definition.ts";
import { type Engine, openEngine } from "../../src/tfjs/engine.ts";
import { ownLayers, registerLayers } from "../../src/tfjs/layers/own-layers.ts";
import type { Builder } from "../../src/tfjs/model-source.ts";
import type { OutputLoss } from "../../src/tfjs/trainer-contract.ts";
import { transformer } from "./transformer.ts";

/** The transformer as a worker would open it. */
export async function openTransformer(vocabulary: number, loss: OutputLoss): Promise<Engine> {
  await openTensorBackend("wasm");
  registerLayers();
  const model = await transformer(vocabulary)({
    tf: tf as unknown as Parameters<Builder>[0]["tf"],
    own: ownLayers,
  });
  const topology = model.toJSON(null, false) as unknown as LayersTopology;
  const { class_name, config } = topology;
  const bytes = definitionBytes({ topology: { class_name, config }, weights: {} });
  model.dispose();
  return openEngine(bytes, "transformer", {
    backend: "wasm",
    engine: "auto",
    loss,
    takesLink: true,
  });
}
