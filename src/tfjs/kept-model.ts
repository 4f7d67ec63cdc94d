import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type Random, randomFrom } from "../core/random.ts";
import { closeModel } from "./open-model.ts";
import { withSeededRandom } from "./seeded-random.ts";

/** What computes with a model, which is built anew where it was closed and is asked for again. */
export interface KeptModel<T> {
  /** Of its weights; 0 while it is closed. */
  readonly bytes: number;
  open(): T;
  close(): void;
}

/** Keeps what `make` makes of a model. Weights that `make` does not set are drawn each time. */
export function keepModel<T>(first: LayersModel, make: (model: LayersModel) => T): KeptModel<T> {
  let opened: OpenedModel<T> | null = opening(first, make);
  let again = () => first;
  return {
    get bytes() {
      return opened?.bytes ?? 0;
    },
    open() {
      opened ??= opening(again(), make);
      return opened.value;
    },
    close() {
      if (opened === null) return;
      const draw = drawing(opened.model);
      again = () => draw(randomFrom("unset"));
      closeModel(opened.model);
      opened = null;
    },
  };
}

interface OpenedModel<T> {
  readonly model: LayersModel;
  readonly value: T;
  readonly bytes: number;
}

function opening<T>(model: LayersModel, make: (model: LayersModel) => T): OpenedModel<T> {
  try {
    const bytes = model.weights.reduce((sum, weight) => sum + 4 * weight.read().size, 0);
    return { model, value: make(model), bytes };
  } catch (thrown) {
    closeModel(model);
    throw thrown;
  }
}

/** Draws models of the same layers; the model itself may be gone by then. */
export function drawing(model: LayersModel): (random: Random) => LayersModel {
  const kind = model.constructor as unknown as {
    fromConfig(kind: unknown, config: unknown): LayersModel;
  };
  const config = model.getConfig();
  return (random) => withSeededRandom(random, () => kind.fromConfig(kind, config));
}
