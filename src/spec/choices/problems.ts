// Made by `npm run docs` from the registries: edit those, not this file.
import type { Registered } from "../registered.ts";

interface ProblemChoiceShared {
  /** The penalty's factor; the intercept is free. At least 0. Default: 0.001. */
  readonly l2?: number | undefined;
}

/** Least squares with an l2 penalty; a target of numbers. */
interface RidgeProblem extends ProblemChoiceShared {
  readonly type: "ridge";
}

/** Least squares with an l1 penalty, which leaves few weights other than zero. */
interface LassoProblem {
  readonly type: "lasso";
  /** The penalty's factor; the intercept is free. At least 0. Default: 0.01. */
  readonly l1?: number | undefined;
}

/** Least squares with both penalties: few weights, and features alike stay together. */
interface ElasticNetProblem {
  readonly type: "elastic-net";
  /** Factor of |w|_1; the intercept is free. At least 0. Default: 0.01. */
  readonly l1?: number | undefined;
  /** Factor of |w|^2 / 2; the intercept is free. At least 0. Default: 0.001. */
  readonly l2?: number | undefined;
}

/** Logistic regression for two classes, with an l2 penalty. */
interface LogisticProblem extends ProblemChoiceShared {
  readonly type: "logistic";
}

/** Multinomial logistic regression for several classes, with an l2 penalty. */
interface SoftmaxProblem {
  readonly type: "softmax";
  /** The penalty's factor; intercepts are free. At least 0. Default: 0.001. */
  readonly l2?: number | undefined;
}

/** Support vector machine for two classes: the squared hinge loss, with an l2 penalty. */
interface SquaredHingeProblem extends ProblemChoiceShared {
  readonly type: "squared-hinge";
}

/** Matrix factorization: ratings as factors of user and item, with biases. */
interface FactorizationProblem {
  readonly type: "factorization";
  /** Numbers in a factor. At least 1, at most 1000. Default: 10. */
  readonly rank?: number | undefined;
  /**
   * The penalty's factor beside the mean of half squared errors: lambda over the number of
   * ratings, where lambda stands beside their sum; b is free. At least 0. Default: 1e-4.
   */
  readonly l2?: number | undefined;
  /** B, what every rating starts from; the mean of the training ratings if absent. */
  readonly base?: number | undefined;
}

/** The mean of the features, which nothing predicts; the target is not used. */
interface MeanProblem {
  readonly type: "mean";
  /**
   * What rows are measured from where they are clipped, in every feature; public. Default: 0.
   */
  readonly centre?: number | undefined;
}

/** A neural network of TensorFlow.js layers: a model.json, or a module that builds one. */
interface NetworkProblem {
  readonly type: "network";
  /** The path of a model.json, or of a .ts or .js module that builds a model. */
  readonly model: string;
  /** What is minimised. Default: "categoricalCrossentropy". */
  readonly loss?: 
    | "categoricalCrossentropy"
    | "sparseCategoricalCrossentropy"
    | "binaryCrossentropy"
    | "meanSquaredError"
    | "meanAbsoluteError"
    | "huber"
    | undefined;
  /** Which metrics are told; all that the loss has where absent. */
  readonly metrics?: readonly (string)[] | undefined;
  /**
   * What computes: native where it is installed, else WASM, else plain JavaScript. Default:
   * "auto".
   */
  readonly backend?: "auto" | "node" | "wasm" | "cpu" | undefined;
  /** Auto: chains of dense layers run in kofn's own kernels; tfjs: none do. Default: "auto". */
  readonly engine?: "auto" | "tfjs" | undefined;
  /** What dropout hangs on; the spec's seed where absent. At least 0. */
  readonly seed?: number | undefined;
  /** Rows count unlike, by data.weights or data.classWeights; filled in when a run starts. */
  readonly weighted?: true | undefined;
}

/** Translates sentences by an encoder-decoder Transformer; its rows come of data.pairs. */
interface TranslationProblem {
  readonly type: "translation";
  /** Numbers that stand for a token. At least 2, at most 4096. Default: 64. */
  readonly width?: number | undefined;
  /** Of attention; they divide the width. At least 1, at most 64. Default: 4. */
  readonly heads?: number | undefined;
  /** Of the encoder, and as many of the decoder. At least 1, at most 64. Default: 2. */
  readonly layers?: number | undefined;
  /**
   * Units within a feed-forward layer; four times the width where absent. At least 1, at most
   * 65536.
   */
  readonly hidden?: number | undefined;
  /** Of embeddings and of what is added. At least 0. Default: 0.1. */
  readonly dropout?: number | undefined;
  /**
   * The part of a target that is spread over all tokens, the right one included. At least 0.
   * Default: 0.1.
   */
  readonly labelSmoothing?: number | undefined;
  /**
   * What computes: native where it is installed, else WASM, else plain JavaScript. Default:
   * "auto".
   */
  readonly backend?: "auto" | "node" | "wasm" | "cpu" | undefined;
  /** What dropout hangs on; the spec's seed where absent. At least 0. */
  readonly seed?: number | undefined;
}

/** What is minimised. */
export type ProblemChoice =
  | "ridge"
  | "lasso"
  | "elastic-net"
  | "logistic"
  | "softmax"
  | "squared-hinge"
  | "factorization"
  | "mean"
  | "translation"
  | RidgeProblem
  | LassoProblem
  | ElasticNetProblem
  | LogisticProblem
  | SoftmaxProblem
  | SquaredHingeProblem
  | FactorizationProblem
  | MeanProblem
  | NetworkProblem
  | TranslationProblem
  | Registered<"problem">;
