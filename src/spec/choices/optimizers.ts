// Made by `npm run docs` from the registries: edit those, not this file.
import type { Registered } from "../registered.ts";

interface OptimizerChoiceShared {
  /** How the learning rate goes on. */
  readonly schedule?: {
    /**
     * Constant; cosine: down to `floor` over `steps`; inverse: see `after`; inverse-sqrt, as
     * published for the Transformer: at step n from 1, min(n / warmUp, sqrt(warmUp / n)).
     * Default: "constant".
     */
    readonly type?: "constant" | "cosine" | "inverse" | "inverse-sqrt" | undefined;
    /** Steps over which the rate first rises from 0. At least 0. Default: 0. */
    readonly warmUp?: number | undefined;
    /** Cosine: the step from which the rate is `floor`. At least 1. */
    readonly steps?: number | undefined;
    /** Cosine: the end, as part of the rate. At least 0, at most 1. Default: 0. */
    readonly floor?: number | undefined;
    /** Inverse: the rate times (after / (after + t))^power at step t, from 0. Default: 1. */
    readonly after?: number | undefined;
    /** Inverse: 0.5 for 1 / sqrt(t). Default: 1. */
    readonly power?: number | undefined;
  } | undefined;
  /** The longest gradient: a longer one is shortened to this norm. */
  readonly clip?: number | undefined;
}

/** A step along the negative gradient; safe for every set of replies by default. */
interface GradientDescentOptimizer {
  readonly type: "gradient-descent";
  /**
   * The step size: "safe" (share of rows that replied, over L) or a number. Default: "safe".
   */
  readonly step?: "safe" | number | undefined;
}

/** Quasi-Newton with overlap pairs and a line search over a second quorum. */
interface LBfgsOptimizer {
  readonly type: "l-bfgs";
  /** How many pairs it remembers. At least 1, at most 100. Default: 10. */
  readonly memory?: number | undefined;
  /**
   * Part of the exact step taken while slots are missing; choose 0.5 or less where k of n
   * replies hold fewer stored rows than there are data rows. At most 1. Default: 0.9.
   */
  readonly backOff?: number | undefined;
}

/** A gradient step, then the l1 penalty's soft threshold: steady, and zeros are exact. */
interface ProximalGradientOptimizer {
  readonly type: "proximal-gradient";
  /**
   * The step size: "safe" (share of rows that replied, over L) or a number. Default: "safe".
   */
  readonly step?: "safe" | number | undefined;
}

/** Proximal gradient with momentum and restarts: an order fewer rounds on hard problems. */
interface FistaOptimizer {
  readonly type: "fista";
  /**
   * The step size: "safe" (share of rows that replied, over L) or a number. Default: "safe".
   */
  readonly step?: "safe" | number | undefined;
  /** Drop the momentum where it points uphill. Default: true. */
  readonly restart?: boolean | undefined;
}

/** Stochastic gradient descent with momentum, plain or Nesterov's. */
interface SgdOptimizer extends OptimizerChoiceShared {
  readonly type: "sgd";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.01.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How much of the last step goes on. At least 0. Default: 0. */
  readonly momentum?: number | undefined;
  /** Step along gradient plus momentum. Default: false. */
  readonly nesterov?: boolean | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** The mean gradient over the root of its mean square, weight by weight. */
interface AdamOptimizer extends OptimizerChoiceShared {
  readonly type: "adam";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long the mean of their squares remembers. At least 0. Default: 0.999. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
}

/** Adam with decoupled weight decay. */
interface AdamwOptimizer extends OptimizerChoiceShared {
  readonly type: "adamw";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long the mean of their squares remembers. At least 0. Default: 0.999. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.01.
   */
  readonly weightDecay?: number | undefined;
}

/** AdamW with Nesterov momentum: the step goes by the mean that the next step will hold. */
interface NadamwOptimizer extends OptimizerChoiceShared {
  readonly type: "nadamw";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long the mean of their squares remembers. At least 0. Default: 0.999. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 1e-4.
   */
  readonly weightDecay?: number | undefined;
}

/** Adam that never forgets its largest mean square, so that steps do not grow again. */
interface AmsgradOptimizer extends OptimizerChoiceShared {
  readonly type: "amsgrad";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long the mean of their squares remembers. At least 0. Default: 0.999. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** Adam over the mean of all its mean squares so far: converges where Adam does not. */
interface AvgradOptimizer extends OptimizerChoiceShared {
  readonly type: "avgrad";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long each of the averaged mean squares remembers. At least 0. Default: 0.95. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /**
   * Divide the mean by 1 - beta2^t, by what it holds of a constant, or by nothing. Default:
   * "shared".
   */
  readonly debias?: "shared" | "own" | "none" | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** Adam whose mean square grows and shrinks at a steady pace, not by its own size. */
interface YogiOptimizer extends OptimizerChoiceShared {
  readonly type: "yogi";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.01.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long the mean of their squares remembers. At least 0. Default: 0.999. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 0.001.
   */
  readonly epsilon?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** Adam with Nesterov momentum, by the differences of gradients. */
interface AdanOptimizer extends OptimizerChoiceShared {
  readonly type: "adan";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /** How long the mean of gradients remembers. At least 0. Default: 0.98. */
  readonly beta1?: number | undefined;
  /** How long the mean of their differences remembers. At least 0. Default: 0.92. */
  readonly beta2?: number | undefined;
  /**
   * How long the mean square of the gradient looked ahead remembers. At least 0. Default: 0.99.
   */
  readonly beta3?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /** Divide each mean by how much it holds as yet. Default: true. */
  readonly debias?: boolean | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** The sign of a momentum: every weight moves by the whole rate, one slot a weight. */
interface LionOptimizer extends OptimizerChoiceShared {
  readonly type: "lion";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 1e-4.
   */
  readonly learningRate?: number | undefined;
  /**
   * Rows of an embedding that no gradient touches stay as they are, their moments too, and do
   * not decay: less memory and other results; see sparse-gradients.md.
   */
  readonly lazy?: boolean | undefined;
  /** How much of the momentum is in the step's sign. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** How long the momentum remembers. At least 0. Default: 0.99. */
  readonly beta2?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** AdamW whose weights are an average of its iterates: no decaying rate is needed. */
interface ScheduleFreeOptimizer extends OptimizerChoiceShared {
  readonly type: "schedule-free";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.0025.
   */
  readonly learningRate?: number | undefined;
  /**
   * How near the average the gradient is asked; 0: at the iterate. At least 0. Default: 0.9.
   */
  readonly beta1?: number | undefined;
  /** How long the mean of squares remembers. At least 0. Default: 0.999. */
  readonly beta2?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /** Iterate k counts (k + 1)^r times in the average. At least 0. Default: 0. */
  readonly r?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** Momentum made orthogonal for matrices, AdamW for all else. */
interface MuonOptimizer extends OptimizerChoiceShared {
  readonly type: "muon";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.02.
   */
  readonly learningRate?: number | undefined;
  /** Of the matrices, Nesterov's. At least 0. Default: 0.95. */
  readonly momentum?: number | undefined;
  /** Matrices whose name holds one of these are left to AdamW. */
  readonly others?: readonly (string)[] | undefined;
  /** AdamW's learning rate. Default: 3e-4. */
  readonly otherRate?: number | undefined;
  /** AdamW's: how long the mean of gradients remembers. At least 0. Default: 0.9. */
  readonly beta1?: number | undefined;
  /** AdamW's: how long the mean of their squares remembers. At least 0. Default: 0.95. */
  readonly beta2?: number | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** Learns while it trains where between Adam, AVGrad, Yogi, Adan and Lion to be. */
interface MadaOptimizer extends OptimizerChoiceShared {
  readonly type: "mada";
  /**
   * How far a step goes; runs by rounds and local-steps that leave it out get one that fits
   * their data, with what goes with it: see optimizers.md. Default: 0.001.
   */
  readonly learningRate?: number | undefined;
  /**
   * How long the mean of gradients remembers, to begin with. At least 0.01, at most 0.99.
   * Default: 0.9.
   */
  readonly beta1?: number | undefined;
  /**
   * How long the mean of their squares remembers, to begin with. At least 0.501, at most
   * 0.9999. Default: 0.95.
   */
  readonly beta2?: number | undefined;
  /**
   * How much of the gradients' differences is in it (Adan), at first. At least 0, at most 0.99.
   * Default: 0.
   */
  readonly beta3?: number | undefined;
  /**
   * The last mean square (1, Adam) or the mean of all (0, AVGrad), at first. At least 0, at
   * most 1. Default: 0.
   */
  readonly rho?: number | undefined;
  /**
   * Squares as they come (1, Adam) or by their sign (0, Yogi), at first. At least 0, at most 1.
   * Default: 1.
   */
  readonly c?: number | undefined;
  /**
   * The adaptive step (1) or a sign's (0, Lion), at first. At least 0, at most 1. Default: 1.
   */
  readonly gamma?: number | undefined;
  /**
   * Added to the root in the denominator; the larger, the more like plain momentum. Default:
   * 1e-8.
   */
  readonly epsilon?: number | undefined;
  /**
   * How fast coefficients are learned: for all six, or by name; alpha, a factor of the learning
   * rate, is learned only if it is named. Default: 0.0025.
   */
  readonly hyperLearningRate?: number | {
    /** At least 0. */
    readonly beta1?: number | undefined;
    /** At least 0. */
    readonly beta2?: number | undefined;
    /** At least 0. */
    readonly beta3?: number | undefined;
    /** At least 0. */
    readonly rho?: number | undefined;
    /** At least 0. */
    readonly c?: number | undefined;
    /** At least 0. */
    readonly gamma?: number | undefined;
    /** At least 0. */
    readonly alpha?: number | undefined;
  } | undefined;
  /** Of the hyper-gradients, for all or by name; 0.5 where nothing is said. */
  readonly hyperMomentum?: number | {
    /** At least 0. */
    readonly beta1?: number | undefined;
    /** At least 0. */
    readonly beta2?: number | undefined;
    /** At least 0. */
    readonly beta3?: number | undefined;
    /** At least 0. */
    readonly rho?: number | undefined;
    /** At least 0. */
    readonly c?: number | undefined;
    /** At least 0. */
    readonly gamma?: number | undefined;
    /** At least 0. */
    readonly alpha?: number | undefined;
  } | undefined;
  /** The longest hyper-gradient. Default: 10. */
  readonly hyperClip?: number | undefined;
  /** Steps before the first coefficient moves. At least 0. Default: 50. */
  readonly delay?: number | undefined;
  /** Coefficients that stay as they are. */
  readonly freeze?: 
    | "all"
    | readonly ("beta1"
    | "beta2"
    | "beta3"
    | "rho"
    | "c"
    | "gamma"
    | "alpha")[]
    | undefined;
  /**
   * What rho = 0 is: the mean of all mean squares (AVGrad) or their maximum (AMSGrad). Default:
   * "avg".
   */
  readonly denom?: "avg" | "max" | undefined;
  /**
   * Divide v and its mean by 1 - beta2^t, the mean by what it holds of a constant, or nothing.
   * Default: "shared".
   */
  readonly debias?: "shared" | "branch" | "none" | undefined;
  /**
   * Published: start, Lion's order and derivatives as in the authors' code. Default: "clean".
   */
  readonly compat?: "clean" | "published" | undefined;
  /**
   * Decoupled weight decay: w - rate * decay * w before a step; where the shapes of weights are
   * known, those with one dimension (biases, gains) are left alone. At least 0. Default: 0.
   */
  readonly weightDecay?: number | undefined;
}

/** How weights move. */
export type OptimizerChoice =
  | "gradient-descent"
  | "l-bfgs"
  | "proximal-gradient"
  | "fista"
  | "sgd"
  | "adam"
  | "adamw"
  | "nadamw"
  | "amsgrad"
  | "avgrad"
  | "yogi"
  | "adan"
  | "lion"
  | "schedule-free"
  | "muon"
  | "mada"
  | GradientDescentOptimizer
  | LBfgsOptimizer
  | ProximalGradientOptimizer
  | FistaOptimizer
  | SgdOptimizer
  | AdamOptimizer
  | AdamwOptimizer
  | NadamwOptimizer
  | AmsgradOptimizer
  | AvgradOptimizer
  | YogiOptimizer
  | AdanOptimizer
  | LionOptimizer
  | ScheduleFreeOptimizer
  | MuonOptimizer
  | MadaOptimizer
  | Registered<"optimizer">;
