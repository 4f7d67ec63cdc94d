import type { LayersModel } from "@tensorflow/tfjs-layers";

/** A network that is dense layers one after another, and nothing else that counts. */
export type DenseChain = readonly DenseLink[];

export interface DenseLink {
  readonly inputs: number;
  readonly units: number;
  readonly hasBias: boolean;
  readonly activation: ActivationName;
}

export const activationNames = ["linear", "relu", "sigmoid", "tanh"] as const;

export type ActivationName = (typeof activationNames)[number];

/** Layers that only say how the same numbers are arranged. */
const arranging = ["InputLayer", "Flatten", "Reshape"];

/** The chain that a model is; null where it is any other. */
export function denseChainOf(model: LayersModel): DenseChain | null {
  if (model.getClassName() !== "Sequential") return null;
  const chain: DenseLink[] = [];
  for (const layer of model.layers) {
    const name = layer.getClassName();
    const config = layer.getConfig();
    if (arranging.includes(name)) {
      // Between dense layers it would change which numbers a layer mixes.
      if (chain.length > 0) return null;
    } else if (name === "Activation") {
      const last = chain.pop();
      const activation = activationOf(config.activation);
      if (last === undefined || last.activation !== "linear" || activation === null) return null;
      chain.push({ ...last, activation });
    } else {
      const link = name === "Dense" && layer.trainable ? linkOf(layer, config) : null;
      if (link === null) return null;
      chain.push(link);
    }
  }
  return chain.length === 0 ? null : chain;
}

const penalties = ["kernelRegularizer", "biasRegularizer", "activityRegularizer"];

function linkOf(
  layer: LayersModel["layers"][number],
  config: Readonly<Record<string, unknown>>,
): DenseLink | null {
  const activation = activationOf(config.activation);
  const shape = layer.weights[0]?.shape;
  const isPlain = penalties.every((name) => config[name] === null || config[name] === undefined);
  if (activation === null || shape === undefined || shape.length !== 2 || !isPlain) return null;
  // A batch of sequences is not one of rows.
  if ((layer.outputShape as unknown[]).length !== 2) return null;
  const [inputs, units] = shape as [number, number];
  return { inputs, units, hasBias: config.useBias !== false, activation };
}

function activationOf(activation: unknown): ActivationName | null {
  if (activation === null || activation === undefined) return "linear";
  return (activationNames as readonly unknown[]).includes(activation)
    ? (activation as ActivationName)
    : null;
}
