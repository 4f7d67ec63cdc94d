import type { TensorShare } from "../ports/model-ref.ts";

/** How a layer is divided among workers: by its outputs, inputs, rows of its table, or heads. */
export const splitNames = ["column", "row", "vocabulary", "heads"] as const;
export type SplitName = (typeof splitNames)[number];

/** A weight of a layer that stands for another one: which of its weights, and which share. */
export interface SharedWeight {
  readonly index: number;
  /** Null: all of it. */
  readonly share: TensorShare | null;
}

/** A layer that takes the place of another one, or of a part of it. */
export interface StandIn {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Its weights, in its own order. */
  readonly weights: readonly SharedWeight[];
}

/** A layer as its topology has it, with the shapes of its weights. */
export interface SplitLayer {
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weightShapes: readonly (readonly number[])[];
  /** It gives scores of classes, of which the loss is a softmax's cross-entropy: nothing else. */
  readonly scoresClasses: boolean;
}

/** A tensor that a model is given besides its inputs: the class that each score is judged by. */
export const classesInput = "kofn/classes";

/** Numbers that stand for a worker's share of a position's scores. */
export const classShareNumbers = 5;

/** One way to divide a class of layers. */
export interface LayerSplit {
  readonly name: SplitName;
  /** What is dealt out, in words, and how many there are: it must divide. */
  size(layer: SplitLayer): { readonly what: string; readonly count: number };
  /** Why the layer cannot be divided so, whatever its size; null where it can. */
  refusal?(layer: SplitLayer): string | null;
  /** Its workers read shares of what the layer reads. */
  readonly readsShares?: true;
  /** Only where a spec names it. */
  readonly isNamed?: true;
  /** What each worker makes of its output and of `classesInput`, before that is joined. */
  judge?(layer: SplitLayer, part: number, of: number): StandIn;
  /** What worker `part` of `of` computes. */
  share(layer: SplitLayer, part: number, of: number): StandIn;
  /** What makes the layer's output of the workers'; in their order. */
  combine(layer: SplitLayer): StandIn;
}

const whole = (index: number): SharedWeight => ({ index, share: null });
const shared = (
  index: number,
  axis: number,
  [part, of]: readonly [number, number],
  blocks = 1,
): SharedWeight => ({ index, share: { axis, blocks, part, of } });

const summed: StandIn = { className: "Add", config: {}, weights: [] };
const joined: StandIn = { className: "Concatenate", config: { axis: -1 }, weights: [] };

/** What stands in the way of dividing any layer. */
function constraintOf({ config }: SplitLayer): string | null {
  for (const [name, value] of Object.entries(config))
    if (value !== null && value !== undefined && /_constraint$|^activity_regularizer$/.test(name))
      return `its ${name} looks at all of it at once`;
  return null;
}

const biasOf = ({ config }: SplitLayer) => config.use_bias !== false;
const activationOf = ({ config }: Pick<SplitLayer, "config">) =>
  String(config.activation ?? "linear");

/** Y = [f(X W_1) | f(X W_2)]: each worker has some of the units. */
const denseColumns: LayerSplit = {
  name: "column",
  size: ({ config }) => ({ what: "units", count: Number(config.units) }),
  refusal: constraintOf,
  share: (layer, part, of) => ({
    className: "Dense",
    config: {
      ...layer.config,
      units: Number(layer.config.units) / of,
      ...(isElementwise(layer) ? {} : { activation: "linear" }),
    },
    weights: [shared(0, 1, [part, of]), ...(biasOf(layer) ? [shared(1, 0, [part, of])] : [])],
  }),
  combine: (layer) =>
    isElementwise(layer)
      ? joined
      : { className: "JoinedShares", config: { activation: activationOf(layer) }, weights: [] },
};

/**
 * Each worker has the scores of some classes, and tells of a position what the loss needs to know
 * of them: the logarithm of the sum of their exponentials, the right one's, the largest, its class,
 * and their sum. Scores themselves go nowhere.
 */
const denseClasses: LayerSplit = {
  ...denseColumns,
  name: "vocabulary",
  isNamed: true,
  size: ({ config }) => ({ what: "units", count: Number(config.units) }),
  refusal(layer) {
    if (!layer.scoresClasses)
      return "it is not the model's last layer, or the loss is no softmax's cross-entropy";
    return constraintOf(layer);
  },
  judge: ({ config }, part, of) => ({
    className: "ClassShare",
    config: { first: (part * Number(config.units)) / of },
    weights: [],
  }),
  combine: () => joined,
};

/** A softmax looks at all units of a layer. */
export function isElementwise(layer: Pick<SplitLayer, "config">): boolean {
  return !/softmax/i.test(activationOf(layer));
}

/** Y = f(X_1 W_1 + X_2 W_2 + b): each worker has some of the inputs. */
const denseRows: LayerSplit = {
  name: "row",
  size: ({ weightShapes }) => ({ what: "inputs", count: weightShapes[0]![0]! }),
  refusal: constraintOf,
  readsShares: true,
  share: ({ config }, part, of) => ({
    className: "Dense",
    config: { ...config, use_bias: false, bias_regularizer: null, activation: "linear" },
    weights: [shared(0, 0, [part, of])],
  }),
  combine: (layer) => ({
    className: "SummedShares",
    config: {
      activation: activationOf(layer),
      use_bias: biasOf(layer),
      bias_regularizer: layer.config.bias_regularizer ?? null,
    },
    weights: biasOf(layer) ? [whole(1)] : [],
  }),
};

/** Each worker has some columns of the table. */
const embeddingColumns: LayerSplit = {
  name: "column",
  size: ({ config }) => ({ what: "columns", count: Number(config.output_dim) }),
  refusal: constraintOf,
  share: ({ config }, part, of) => ({
    className: "Embedding",
    config: { ...config, output_dim: Number(config.output_dim) / of },
    weights: [shared(0, 1, [part, of])],
  }),
  combine: () => joined,
};

/** Each worker has some rows of the table, and gives zeros for tokens that it has not. */
const embeddingRows: LayerSplit = {
  name: "vocabulary",
  size: ({ config }) => ({ what: "rows", count: Number(config.input_dim) }),
  refusal: constraintOf,
  share: ({ config }, part, of) => {
    const rows = Number(config.input_dim) / of;
    return {
      className: "VocabularyShare",
      config: { ...config, input_dim: rows, first: part * rows },
      weights: [shared(0, 0, [part, of])],
    };
  },
  combine: () => summed,
};

/** Heads see nothing of each other; what they make is added up by the last matrix. */
function attentionHeads(weights: (own: readonly [number, number]) => SharedWeight[]): LayerSplit {
  return {
    name: "heads",
    size: ({ config }) => ({ what: "heads", count: Number(config.heads) }),
    share: ({ className, config }, part, of) => ({
      className,
      config: { ...config, heads: Number(config.heads) / of, of },
      weights: weights([part, of]),
    }),
    combine: () => summed,
  };
}

/** By class; the first way that divides is taken where a spec names none. */
const layerSplits: Readonly<Record<string, readonly LayerSplit[]>> = {
  Dense: [denseColumns, denseRows, denseClasses],
  Embedding: [embeddingColumns, embeddingRows],
  // Questions, keys and values stand side by side in one matrix, head after head in each.
  CausalSelfAttention: [attentionHeads((own) => [shared(0, 1, own, 3), shared(1, 0, own)])],
  MaskedAttention: [
    attentionHeads((own) => [shared(0, 1, own), shared(1, 1, own, 2), shared(2, 0, own)]),
  ],
};

/** The ways to divide layers of a class; none for most classes. */
export function splitsOf(className: string): readonly LayerSplit[] {
  return layerSplits[className] ?? [];
}

/** Classes of layers that can be divided. */
export const splitClasses = Object.keys(layerSplits);
