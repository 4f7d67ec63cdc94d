import type { Random } from "../core/random.ts";
import type { Examples, Rows } from "../math/rows.ts";
import type { PresentRows } from "../math/slices/present.ts";
import type { GradientForm, SlicedGradient, SlicedWalk } from "../math/slices/sliced-gradient.ts";
import type { ParameterSpec } from "../math/vector.ts";
import type { BatchedShards, BatchedSums } from "./batched-sums.ts";
import type { RocAuc } from "./roc-auc.ts";
import type { StagedProblem } from "./staged-problem.ts";

/**
 * What is minimised over w: F(w) = (1/n) sum of losses + (l2/2) |w|^2 + l1 |w|_1, intercepts
 * unpenalised. Workers know the sums over their rows; the penalty is exact and stays with the
 * orchestrator (see penalty.ts).
 * Laws (tested over the registry): the gradient is the derivative of the loss; sums over parts add
 * up to the whole; inputs are left alone; where `isQuadratic`, sums over encoded rows S X, S y with
 * S'S = cI are c times the sums over X, y.
 */
export interface Problem {
  /** What the target must be: numbers, or two or more classes. */
  readonly target: "numbers" | "classes";
  /** How many classes it tells apart; 0 for numbers. */
  readonly classesMax: number;
  /** What turns predictions into chances of the classes; absent where they say nothing of those. */
  readonly link?: "sigmoid" | "softmax";
  /** The loss is quadratic in prediction and target, so it holds over mixtures of rows. */
  readonly isQuadratic: boolean;
  /**
   * Its sums take rows by their own weights in one pass, where many differ; `together`: always,
   * as what a row gives may hang on those beside it.
   */
  readonly weighsRows?: true | "together";
  readonly l2: number;
  /** Above 0 only optimizers that take proximal steps will do. */
  readonly l1: number;
  /**
   * Rows are a user and an item, and with the weights of one side given, the other's are least
   * squares: trained by alternating, which holds over mixtures. Absent for all other problems.
   */
  readonly pairs?: { readonly rank: number; readonly base: number | null };
  /** The tensors that the weights are, one after another; one vector where absent. */
  readonly parameters?: readonly ParameterSpec[];
  /** Rows need no feature that is always 1: what computes has intercepts of its own. */
  readonly ownIntercepts?: true;
  /** Its weights say what rows are like, and predict no target. */
  readonly predictsNothing?: true;
  /** Rows are pairs of sentences, as `data.pairs` makes them. */
  readonly readsPairs?: true;
  /**
   * How many tokens each row counts in a batch of so many tokens; absent where rows are not made of
   * tokens, of which some have more than others.
   */
  rowTokens?(rows: Rows): Uint32Array;
  /** Sequences of tokens to sequences of tokens: for problems that read pairs. */
  translate?(
    sentences: readonly (readonly number[])[],
    weights: Float32Array,
    search: { readonly beam: number; readonly lengthPenalty: number },
  ): readonly (readonly number[])[];
  /**
   * Brings what its options name outside of the store into it, and returns the options with all
   * that everyone else needs to know of that, `seed` included. Done once, before a run is recorded.
   * `tokens`: the most that `data.pairs` may come to.
   */
  publishAssets?(
    write: (key: string, bytes: Uint8Array) => Promise<unknown>,
    seed: number,
    tokens?: number,
  ): Promise<Readonly<Record<string, unknown>>>;
  /**
   * To be awaited before anything is computed, where what computes must be loaded first; `read`
   * gives an object of the store by its key.
   */
  load?(read: (key: string) => Promise<Uint8Array | null>): Promise<void>;
  /** How its model is cut into stages; absent where it cannot be. */
  readonly stages?: StagedProblem;
  /** The weights to start from; zeros where absent. */
  initial?(random: Random): Float32Array<ArrayBuffer>;
  /** How many weights there are for rows of `columns` features and a target of `classes`. */
  weightsLength(columns: number, classes: number): number;
  /** Predictions at some weights; absent where they are linear. */
  predict?(rows: Rows, weights: Float32Array | Float64Array): Float64Array<ArrayBuffer>;
  /**
   * The sum of losses at given predictions, one block of rows an output; `slopes`, of the same
   * shape, is overwritten with its derivative. `rowWeights`: what rows count, where that is not
   * 1; of problems that say `weighsRows` alone.
   */
  lossAt(
    predictions: Float64Array<ArrayBuffer>,
    targets: Float32Array,
    slopes?: Float64Array<ArrayBuffer>,
    rowWeights?: Float32Array,
  ): number;
  /**
   * Sum of losses; the sum of gradients is added to `gradient`. Unnormalised, no penalty. `random`
   * is for problems that draw while they train (dropout).
   */
  lossAndGradient(
    examples: Examples,
    weights: Float32Array,
    gradient: Float64Array<ArrayBuffer>,
    random?: Random,
  ): number;
  /**
   * As `lossAndGradient`, tensor by tensor, with tables by their rows; with `auto` the same bits.
   * Null, or absent, where no tensor is a table that rows are looked up in. With `moved`, `weights`
   * are the array of the last call, and since then only these rows of it have changed.
   */
  slicedGradient?(
    examples: Examples,
    weights: Float32Array,
    form: GradientForm,
    random?: Random,
    moved?: PresentRows,
  ): SlicedGradient | null;
  /**
   * Steps of plain gradient descent from these weights, told by rows: the bits of steps along
   * `slicedGradient`. Nothing else is computed before it is closed. Null, or absent, where the
   * problem takes none itself.
   */
  slicedWalk?(weights: Float32Array): SlicedWalk | null;
  /**
   * As `lossAndGradient` of each of many small shards, to the last bit and quicker: for those who
   * play thousands of workers. For weights of one output; absent where it would be no quicker.
   */
  batchedSums?(crowd: BatchedShards, weights: Float32Array, out: BatchedSums): void;
  /**
   * Adds the gradient in two parts (see clipped.ts): `open`, which knows nothing of rows, once,
   * and every row's own, clipped to a norm. Absent where predictions are linear. `random` is for
   * problems that draw while they train: every row sees the same draws, so that one more row
   * changes no other's.
   */
  addClippedGradient?(
    examples: Examples,
    weights: Float64Array<ArrayBuffer>,
    clip: number,
    sums: {
      readonly open: Float64Array<ArrayBuffer>;
      readonly clipped: Float64Array<ArrayBuffer>;
    },
    random?: Random,
  ): void;
  /**
   * What a line search along d needs of some rows. Quadratic losses: one number, the sum of
   * (x'd)^2. Others: the sum of losses at each of `steps`, w + step d.
   */
  lineSearchTerms(
    examples: Examples,
    weights: Float32Array,
    direction: Float32Array,
    steps: Float64Array,
  ): Float64Array;
  /** L of the mean loss, from the largest eigenvalue of X'X/n. */
  smoothness(largestEigenvalue: number): number;
  /**
   * Sums for metrics over some rows; add them up and hand the total to `metrics`. Targets' spread
   * is summed about the same number for all rows, 0 where absent: near them, nothing is lost. Where
   * it tells two classes apart, every row's score is also added to `auc`, which is no sum.
   */
  tally(examples: Examples, weights: Float32Array, about?: number, auc?: RocAuc): Float64Array;
  /** The mean loss without penalty, and metrics by their usual names. */
  metrics(tally: Float64Array): { meanLoss: number; metrics: Record<string, number> };
}
