import { hash } from "node:crypto";
import { randomFrom } from "../../core/random.ts";
import type { ParameterSpec } from "../../math/vector.ts";
import { type BackendChoice, openTensorBackend } from "../backend.ts";
import { definitionBytes, type LayersTopology, weightVariables } from "../definition.ts";
import { registerLayers } from "../layers/own-layers.ts";
import { closeModel } from "../open-model.ts";
import { withSeededRandom } from "../seeded-random.ts";
import { buildTransformer, type TransformerSizes } from "./transformer.ts";

/** A Transformer's definition for the store, and the tensors that its weights are. */
export async function transformerDefinition(
  sizes: TransformerSizes,
  backend: BackendChoice,
): Promise<{
  readonly key: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pieces: readonly ParameterSpec[];
}> {
  await openTensorBackend(backend);
  registerLayers();
  const model = withSeededRandom(randomFrom("shapes"), () => buildTransformer(sizes));
  const pieces = weightVariables(model).map(({ variable: _, ...piece }) => piece);
  const { class_name, config } = model.toJSON(null, false) as unknown as LayersTopology;
  closeModel(model);
  const bytes = definitionBytes({ topology: { class_name, config }, weights: {} });
  return { key: `networks/${hash("sha256", bytes, "hex")}.safetensors`, bytes, pieces };
}
