import type { LayersTopology } from "./definition.ts";

type Activation = "softmax" | "sigmoid";

/**
 * The same network without the softmax or sigmoid at its end, which then belongs to the loss: exact
 * where chances are near 0 or 1. Says what it took away.
 */
export function withoutLink(topology: LayersTopology): {
  topology: LayersTopology;
  link: Activation | null;
} {
  const copy = structuredClone(topology) as LayersTopology;
  const last = lastLayer(copy);
  if (last === null) return { topology, link: null };
  if (last.class_name === "Softmax") {
    const { name, trainable } = last.config as { name?: string; trainable?: boolean };
    last.class_name = "Activation";
    last.config = { name, trainable, activation: "linear" };
    return { topology: copy, link: "softmax" };
  }
  const { activation } = last.config as { activation?: unknown };
  if (activation !== "softmax" && activation !== "sigmoid") return { topology, link: null };
  (last.config as { activation: string }).activation = "linear";
  return { topology: copy, link: activation };
}

interface LayerConfig {
  class_name: string;
  name?: string;
  config: unknown;
}

function lastLayer(topology: LayersTopology): LayerConfig | null {
  const { config } = topology;
  const layers = Array.isArray(config) ? config : (config as { layers?: unknown }).layers;
  if (!Array.isArray(layers) || layers.length === 0) return null;
  const outputs = (config as { output_layers?: unknown }).output_layers as unknown[] | undefined;
  const name = outputs === undefined ? null : (outputs.flat(1)[0] as string);
  const last = (layers as LayerConfig[]).find((layer) => layer.name === name) ?? layers.at(-1);
  return ["Sequential", "Functional", "Model"].includes(last.class_name) ? lastLayer(last) : last;
}
