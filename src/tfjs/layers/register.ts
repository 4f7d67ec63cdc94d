import { serialization } from "@tensorflow/tfjs-core";
import { CausalSelfAttention } from "./causal-attention.ts";
import { PositionEmbedding } from "./position-embedding.ts";

let isRegistered = false;

/** Makes kofn's own layers known to TensorFlow.js, once. */
export function registerLayers(): void {
  if (isRegistered) return;
  isRegistered = true;
  for (const layer of [CausalSelfAttention, PositionEmbedding]) serialization.registerClass(layer);
}

/** kofn's own layers by the names under which a module's builder is handed them. */
export const ownLayers = {
  causalSelfAttention: (config: { heads: number; name?: string }) =>
    new CausalSelfAttention(config),
  positionEmbedding: (config: { name?: string } = {}) => new PositionEmbedding(config),
};
