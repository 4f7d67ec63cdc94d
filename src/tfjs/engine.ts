import type { LayersModel } from "@tensorflow/tfjs-layers";
import { assert } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { Examples, Rows } from "../math/rows.ts";
import type { PresentRows } from "../math/slices/present.ts";
import type { GradientForm, SlicedGradient, SlicedWalk } from "../math/slices/sliced-gradient.ts";
import { type OpenedBackend, openTensorBackend, useBackend } from "./backend.ts";
import { type RowBatch, rowBatches, weightOfRows } from "./batches.ts";
import { denseTrainer } from "./dense-trainer.ts";
import { type KeptModel, keepModel } from "./kept-model.ts";
import { withSeededRandom } from "./seeded-random.ts";
import { trainerOf } from "./trainer.ts";
import type { EngineOptions, OutputLoss, SeededPass, Trainer } from "./trainer-contract.ts";
import { openWholeModel, prepareModel, type WholeNetwork } from "./whole-model.ts";

/** A network at any flat weights. */
export interface Engine {
  readonly backend: OpenedBackend;
  /** Of memory that it takes, about. */
  readonly bytes: number;
  /** Frees it until it is used again. */
  close(): void;
  /** Its layers are computed in kofn's own kernels. */
  readonly isFused: boolean;
  readonly weightsLength: number;
  /** Weights to start from: those that the definition has, the others drawn. */
  initial(random: Random): Float32Array<ArrayBuffer>;
  /** Adds the sum of gradients over the rows; returns the sum of losses. */
  lossAndGradient(
    examples: Examples,
    weights: Float32Array,
    gradient: Float64Array,
    random?: Random,
  ): number;
  /**
   * As `lossAndGradient`, tensor by tensor, tables that rows are looked up in by their rows: the
   * same numbers to the bit. Null where the network has no table. With `moved`, `weights` are the
   * array of the last call, and since then only these rows of it have changed.
   */
  slicedGradient(
    examples: Examples,
    weights: Float32Array,
    form: GradientForm,
    random?: Random,
    moved?: PresentRows,
  ): SlicedGradient | null;
  /** Steps from these weights that are taken where the tables are; null where they are not. */
  slicedWalk(weights: Float32Array): SlicedWalk | null;
  /**
   * Adds every row's gradient, clipped to a norm, in doubles; a row's is the same whichever others
   * are there. All rows see the same draws.
   */
  addClipped(
    examples: Examples,
    weights: Float32Array | Float64Array,
    clip: number,
    clipped: Float64Array,
    random?: Random,
  ): void;
  /** The sum of losses as for prediction, the model's own penalties counted once a row. */
  loss(examples: Examples, weights: Float32Array): number;
  readonly lossOf: OutputLoss;
  /** The model's own penalties (regularizers), once. */
  penalty(weights: Float32Array): number;
  /** Outputs as for prediction, a row's after another's. */
  outputs(rows: Rows, weights: Float32Array | Float64Array): Float32Array;
}

/** The engine of a stored definition. */
export async function openEngine(
  bytes: Uint8Array,
  key: string,
  options: EngineOptions,
): Promise<Engine> {
  const backend = await openTensorBackend(options.backend);
  const { loss: lossOf, takesLink } = options;
  const { model, stored } = await openWholeModel(bytes, key, takesLink);
  const kept = keepModel(model, (own) => preparedTrainer(own, stored, options, backend));
  const { isFused, trainer: first } = kept.open();
  const { weightsLength, width } = first;
  const hasTables = first.sliced !== null;
  const { set, forget } = settingOf(kept, backend);
  return {
    ...{ backend, isFused, weightsLength, lossOf },
    get bytes() {
      // Beside the model its weights and their slopes, where its own kernels have them.
      return kept.bytes * (isFused ? 3 : 1);
    },
    close() {
      forget();
      kept.close();
    },
    penalty: (weights) => set(weights).penalty(),
    initial(random) {
      useBackend(backend);
      return kept.open().trainer.initial(random);
    },
    lossAndGradient(examples, weights, gradient, random = randomFrom("undrawn")) {
      const trainer = set(weights);
      let sum = 0;
      for (const part of rowBatches(examples))
        sum += trainer.addGradient(part, gradient, random.fork(`rows/${part.from}`));
      return sum;
    },
    slicedGradient(examples, weights, form, random = randomFrom("undrawn"), moved) {
      return hasTables ? slicedGradientOf(set(weights, moved), examples, form, random) : null;
    },
    slicedWalk(weights) {
      if (!hasTables) return null;
      const trainer = set(weights);
      // From the first step on they are others.
      forget();
      return slicedWalkOf(trainer, weights);
    },
    addClipped(examples, weights, clip, clipped, random = randomFrom("undrawn")) {
      const trainer = set(weights);
      for (const part of rowBatches(examples))
        trainer.addClipped(part, clip, clipped, random.fork("every row"));
    },
    loss: (examples, weights) => summedLoss(set(weights), lossOf, examples),
    outputs(rows, weights) {
      const trainer = set(weights);
      const all = new Float32Array(rows.rows * width);
      for (const part of rowBatches({ rows, targets: new Float32Array(rows.rows) }))
        all.set(trainer.outputs(part), part.from * width);
      return all;
    },
  };
}

/** Trains dense layers in kofn's own kernels where those may be chosen. */
function preparedTrainer(
  model: LayersModel,
  stored: WholeNetwork["stored"],
  { loss: lossOf, engine }: EngineOptions,
  backend: OpenedBackend,
): { readonly isFused: boolean; readonly trainer: Trainer } {
  prepareModel(model, stored);
  const stock = trainerOf(model, stored, lossOf);
  const { chain } = stock;
  if (engine !== "auto" || backend.name !== "wasm" || chain === null)
    return { isFused: false, trainer: stock };
  return { isFused: true, trainer: denseTrainer(chain, stock, lossOf) };
}

function summedLoss(trainer: Trainer, lossOf: OutputLoss, examples: Examples): number {
  const { targets, weights: rowWeights } = examples;
  let sum = weightOfRows({ count: targets.length, rowWeights }) * trainer.penalty();
  for (const part of rowBatches(examples)) {
    const outputs = trainer.outputs(part);
    sum += lossOf(outputs, part.targets, part.values, undefined, part.rowWeights);
  }
  return sum;
}

/** Gives a trainer weights. Of those that it had last, rows that moved are enough. */
function settingOf(kept: KeptModel<{ readonly trainer: Trainer }>, backend: OpenedBackend) {
  let last: Float32Array | Float64Array | null = null;
  return {
    set(weights: Float32Array | Float64Array, moved?: PresentRows): Trainer {
      useBackend(backend);
      const { trainer } = kept.open();
      assert(weights.length === trainer.weightsLength, "weights are as long as the network's");
      const known = weights === last ? moved : undefined;
      trainer.set(weights instanceof Float32Array ? weights : Float32Array.from(weights), known);
      last = weights;
      return trainer;
    },
    /** Whatever comes next is all of it. */
    forget(): void {
      last = null;
    },
  };
}

function slicedGradientOf(
  { sliced }: Pick<Trainer, "sliced">,
  examples: Examples,
  form: GradientForm,
  random: Random,
): SlicedGradient {
  const [batches, seeded] = [rowBatches(examples), seededBatch(random)];
  return form === "gather"
    ? sliced!.gather(batches, seeded)
    : sliced!.sum(batches, seeded, "merged");
}

function slicedWalkOf({ sliced, openWalk }: Trainer, weights: Float32Array): SlicedWalk | null {
  if (openWalk === undefined) return null;
  return openWalk(weights, (examples, random, told) =>
    sliced!.sum(rowBatches(examples), seededBatch(random), told),
  );
}

/** Every batch draws by where it begins. */
function seededBatch(random: Random): SeededPass<RowBatch> {
  return ({ from }, work) => withSeededRandom(random.fork(`rows/${from}`), work);
}
