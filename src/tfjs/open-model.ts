import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, models } from "@tensorflow/tfjs-layers";
import { messageOf, RunError } from "../core/errors.ts";
import { fuseLayers } from "./layers/fused-layers.ts";
import { registerLayers } from "./layers/own-layers.ts";

/** A model built from its topology. Throws `RunError` that names a layer that is not known. */
export async function modelFrom(topology: object, place: string): Promise<LayersModel> {
  registerLayers();
  try {
    const model = await models.modelFromJSON(
      topology as Parameters<typeof models.modelFromJSON>[0],
    );
    fuseLayers(model);
    return model;
  } catch (thrown) {
    throw unopenable(thrown, place);
  }
}

/** What TensorFlow.js says of a model it cannot build, with its place. */
export function unopenable(thrown: unknown, place: string): RunError {
  if (thrown instanceof RunError) return thrown;
  const message = messageOf(thrown).split("\n", 1)[0]!;
  const unknown = /Unknown layer: (\S+?)[.\s]/.exec(message)?.[1];
  if (unknown !== undefined)
    return new RunError("unknown-layer", `${place}: layer ${unknown} is not known`, {
      hint: "use a layer of TensorFlow.js, or register the class as docs/networks.md says",
      cause: thrown,
    });
  return new RunError("bad-model", `${place}: ${message}`, {
    hint: "it must be a model.json of TensorFlow.js layers, as model.save() writes it",
    cause: thrown,
  });
}

/**
 * Frees all that a model holds. TensorFlow.js (4.22) by itself keeps the weights of a layer that
 * the model uses several times, and what recurrent layers dropped or came to last.
 */
export function closeModel(model: LayersModel): void {
  const variables = model.weights.map((weight) => weight.read());
  model.dispose();
  tf.dispose(variables.filter(({ isDisposed }) => !isDisposed));
  tf.dispose(model.layers.flatMap((layer) => keptTensors(layer as Keeper)));
}

/** Frees of a model the weights that came since this was called; tells whether there were any. */
export function closingNew(): (model: LayersModel) => boolean {
  const before = new Set(Object.values(tf.engine().registeredVariables));
  return (model) => {
    const variables = model.weights.map((weight) => weight.read() as tf.Variable);
    const own = variables.filter((variable) => !before.has(variable));
    tf.dispose(own);
    return own.length > 0;
  };
}

/** Layers and cells, by the names that TensorFlow.js has for what is inside and what it keeps. */
interface Keeper {
  readonly layers?: readonly Keeper[];
  readonly cells?: readonly Keeper[];
  readonly layer?: Keeper;
  readonly forwardLayer?: Keeper;
  readonly backwardLayer?: Keeper;
  readonly cell?: Keeper;
  readonly dropoutMask?: KeptTensors;
  readonly recurrentDropoutMask?: KeptTensors;
  readonly states_?: KeptTensors;
  readonly keptStates?: KeptTensors;
}

type KeptTensors = tf.Tensor | readonly KeptTensors[] | null;

function keptTensors(keeper: Keeper): tf.Tensor[] {
  const { layer, forwardLayer, backwardLayer, cell, layers = [], cells = [] } = keeper;
  const inner = [...layers, ...cells, layer, forwardLayer, backwardLayer, cell];
  const { dropoutMask, recurrentDropoutMask, states_, keptStates } = keeper;
  const own = [dropoutMask, recurrentDropoutMask, states_, keptStates].flat(3) as KeptTensors[];
  return [
    ...own.filter((one): one is tf.Tensor => one instanceof tf.Tensor && !one.isDisposed),
    ...inner.flatMap((one) => (one === undefined ? [] : keptTensors(one))),
  ];
}

/** How many tensors live: a leak shows here. */
export function tensorCount(): number {
  return tf.memory().numTensors;
}
