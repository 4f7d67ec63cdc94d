import { assert } from "../core/errors.ts";
import { type Random, randomFrom } from "../core/random.ts";
import type { Examples, Rows } from "../math/rows.ts";
import type { PresentRows } from "../math/slices/present.ts";
import type { GradientForm, SlicedGradient, SlicedWalk } from "../math/slices/sliced-gradient.ts";
import { type OpenedBackend, openTensorBackend, useBackend } from "./backend.ts";
import { type RowBatch, rowBatches, weightOfRows } from "./batches.ts";
import { denseTrainer } from "./dense-trainer.ts";
import { withSeededRandom } from "./seeded-random.ts";
import { openTrainer } from "./trainer.ts";
import type { EngineOptions, OutputLoss, SeededPass, Trainer } from "./trainer-contract.ts";

/** A network at any flat weights. */
export interface Engine {
  readonly backend: OpenedBackend;
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
  const stock = await openTrainer(bytes, key, options);
  const isFused = options.engine === "auto" && backend.name === "wasm" && stock.chain !== null;
  const trainer = isFused ? denseTrainer(stock.chain, stock, options.loss) : stock;
  const { weightsLength, width } = trainer;
  const setting = settingOf(trainer, backend);
  const { set } = setting;
  return {
    backend,
    isFused,
    weightsLength,
    lossOf: options.loss,
    penalty(weights) {
      set(weights);
      return trainer.penalty();
    },
    initial(random) {
      useBackend(backend);
      return trainer.initial(random);
    },
    lossAndGradient(examples, weights, gradient, random = randomFrom("undrawn")) {
      set(weights);
      let sum = 0;
      for (const part of rowBatches(examples))
        sum += trainer.addGradient(part, gradient, random.fork(`rows/${part.from}`));
      return sum;
    },
    slicedGradient(examples, weights, form, random = randomFrom("undrawn"), moved) {
      if (trainer.sliced !== null) set(weights, moved);
      return slicedGradientOf(trainer, examples, form, random);
    },
    slicedWalk: (weights) => slicedWalkOf(trainer, setting, weights),
    addClipped(examples, weights, clip, clipped, random = randomFrom("undrawn")) {
      set(weights);
      for (const part of rowBatches(examples))
        trainer.addClipped(part, clip, clipped, random.fork("every row"));
    },
    loss(examples, weights) {
      set(weights);
      return summedLoss(trainer, options.loss, examples);
    },
    outputs(rows, weights) {
      set(weights);
      const all = new Float32Array(rows.rows * width);
      for (const part of rowBatches({ rows, targets: new Float32Array(rows.rows) }))
        all.set(trainer.outputs(part), part.from * width);
      return all;
    },
  };
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
function settingOf({ weightsLength, set }: Trainer, backend: OpenedBackend) {
  let last: Float32Array | Float64Array | null = null;
  return {
    set(weights: Float32Array | Float64Array, moved?: PresentRows): void {
      useBackend(backend);
      assert(weights.length === weightsLength, "weights are as long as the network has them");
      const known = weights === last ? moved : undefined;
      set(weights instanceof Float32Array ? weights : Float32Array.from(weights), known);
      last = weights;
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
): SlicedGradient | null {
  if (sliced === null) return null;
  const [batches, seeded] = [rowBatches(examples), seededBatch(random)];
  if (form === "gather") return sliced.gather(batches, seeded);
  return sliced.sum(batches, seeded, "merged");
}

function slicedWalkOf(
  { sliced, openWalk }: Trainer,
  { set, forget }: ReturnType<typeof settingOf>,
  weights: Float32Array,
): SlicedWalk | null {
  if (sliced === null || openWalk === undefined) return null;
  set(weights);
  // From the first step on they are others.
  forget();
  return openWalk(weights, (examples, random, told) =>
    sliced.sum(rowBatches(examples), seededBatch(random), told),
  );
}

/** Every batch draws by where it begins. */
function seededBatch(random: Random): SeededPass<RowBatch> {
  return ({ from }, work) => withSeededRandom(random.fork(`rows/${from}`), work);
}
