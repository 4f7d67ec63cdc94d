// Made by `npm run docs` from the registries: edit those, not this file.
import type { GraphChoice } from "./graphs.ts";

/** Synchronous rounds over encoded rows, each closed by its quorum. */
interface RoundsStrategy {
  readonly type: "rounds";
  /**
   * End at the optimum itself although slots are missing: now and then a round waits for all,
   * and corrects the estimates of those after it. Default: false.
   */
  readonly exact?: boolean | undefined;
  /**
   * The most rounds from one that waits for all to the next; only with exact. At least 1, at
   * most 10000. Default: 5.
   */
  readonly exactEvery?: number | undefined;
  /**
   * How much of its rows a slot goes through in a round: so many rows, each drawn anew, or so
   * many tokens of sentences of like length, batch after batch; all rows where absent.
   */
  readonly batch?: number | {
    /** Of sentences, a side, padding counted. At least 1. */
    readonly tokens: number;
  } | undefined;
}

/** Block coordinate descent over encoded features: any smooth loss, exact with lost workers. */
interface EncodedBlocksStrategy {
  readonly type: "encoded-blocks";
  /** What the l2 penalty is on; lifted is refused, because it is biased. Default: "weights". */
  readonly penalty?: "weights" | "lifted" | undefined;
}

/** Alternating least squares: users, then items, each a small encoded regression. */
interface AlternatingStrategy {
  readonly type: "alternating";
  /**
   * How often users and then items move; stop.rounds may end it sooner. At least 1, at most
   * 10000. Default: 5.
   */
  readonly epochs?: number | undefined;
  /**
   * Rounds for the subproblems of one side, where they are not solved exactly. At least 1, at
   * most 1000. Default: 10.
   */
  readonly iterations?: number | undefined;
  /**
   * Users and items with fewer ratings are solved exactly, by k - 1 slots fewer than m. At
   * least 0. Default: 500.
   */
  readonly exactBelow?: number | undefined;
  /**
   * Mixtures take the code for the next multiple of so many ratings; 1 for their own. At least
   * 1. Default: 100.
   */
  readonly bank?: number | undefined;
  /** Deviation of the items' random first factors. Default: 0.1. */
  readonly deviation?: number | undefined;
}

/** Asynchronous: every slot works all the time, and every reply is a step at once. */
interface AsyncSgdStrategy {
  readonly type: "async-sgd" | "turns";
  /**
   * Step along the mean of every slot's latest gradient, which ends at the optimum if every
   * slot answers again and again; false: along the newest gradient alone. Default: true.
   */
  readonly memory?: boolean | undefined;
  /**
   * Gradients of weights this many steps old are not used; 100 passes where absent, a pass
   * being as many steps as there are workers. At least 0.
   */
  readonly stalenessMax?: number | undefined;
}

/** Workers take steps of their own and tell how far they came, compressed. */
interface LocalStepsStrategy {
  readonly type: "local-steps";
  /**
   * H: the steps a worker takes by itself between one download and the next. At least 1, at
   * most 100000. Default: 4.
   */
  readonly steps?: number | undefined;
  /** Rows of a minibatch, each drawn anew; all: every row of the slot. Default: 8. */
  readonly batch?: number | "all" | undefined;
  /**
   * The length of a local step: a number, or { schedule: inverse, scale: c, shift: a } for c /
   * (a + t) at step t. Default: 0.1.
   */
  readonly learningRate?: number | {
    readonly schedule: "inverse";
    /** C of c / (a + t). */
    readonly scale: number;
    /** A of c / (a + t), of the order of H d / k. */
    readonly shift: number;
  } | undefined;
  /**
   * Of the workers' own steps; a worker keeps its velocity from round to round. At least 0.
   * Default: 0.
   */
  readonly momentum?: number | undefined;
  /** Apply every reply at once, and wait for nobody. Default: false. */
  readonly asynchronous?: boolean | undefined;
  /**
   * A slot whose weights are older, in updates, begins again at the newest; 10 rounds where
   * absent. At least 1.
   */
  readonly stalenessMax?: number | undefined;
  /**
   * Tell only what all slots' numbers add up to, each under masks that a committee of so many
   * workers takes off the sum: one of 3, or two of 5, learn nothing and may be missing.
   */
  readonly secureSum?: 3 | 5 | undefined;
}

/** Consensus on a graph: nodes publish nothing but their states under noise. */
interface GossipStrategy {
  readonly type: "gossip";
  /**
   * Who hears whom: ring, torus, complete, expander or file, with their options. Default:
   * "complete".
   */
  readonly graph?: GraphChoice | undefined;
  /**
   * Steps: a number for all; { decaying: m } for 1/(m (t + 1)), m the strong convexity; or {
   * first: c, ratio: q, noiseRatio: p } for c q^t, with noise that falls like p^t.
   */
  readonly steps?: number | {
    readonly decaying: number;
  } | {
    readonly first: number;
    readonly ratio: number;
    /** At most 1. */
    readonly noiseRatio: number;
  } | undefined;
  /**
   * The public set that states are projected on: { ball: radius } about zero or { box: [low,
   * high] } in every weight. Noise throws the first states far.
   */
  readonly region?: {
    readonly ball: number;
  } | {
    readonly box: readonly [number, number];
  } | undefined;
  /**
   * How often messages are passed on before they are used: costs no privacy. At least 0, at
   * most 100. Default: 0.
   */
  readonly repeats?: number | undefined;
}

/** Clipped per-record gradients under noise: training with differential privacy. */
interface DpSgdStrategy {
  readonly type: "dp-sgd";
  /**
   * The chance of a record to be in a batch, by a coin of its own; 1 for all of them. At most
   * 1. Default: 1.
   */
  readonly rate?: number | undefined;
  /**
   * Who noises: one worker that is trusted with the others' sums, once; or every worker its
   * own, which trusts nobody and adds as much noise again for each worker. Default:
   * "aggregator".
   */
  readonly noise?: "aggregator" | "workers" | undefined;
  /**
   * The most records of a worker's batch, for memory: a random choice where coins chose more;
   * needs a rate below 1 and privacy.divisor, the rows that are expected. At least 1.
   */
  readonly cap?: number | undefined;
  /**
   * Random allocation: in how many rounds each record takes part once, in one that is drawn;
   * instead of rate and cap, and not under replace-one. At least 2, at most 100000.
   */
  readonly epoch?: number | undefined;
  /**
   * Tell only what all slots' numbers add up to, each under masks that a committee of so many
   * workers takes off the sum: one of 3, or two of 5, learn nothing and may be missing.
   */
  readonly secureSum?: 3 | 5 | undefined;
}

/** A network cut into stages, each a function, through which microbatches pass. */
interface PipelineStrategy {
  readonly type: "pipeline";
  /**
   * How many parts the model is cut into, each a function of its own; auto: as few as fit the
   * memory of a function, or as many as placement has. Default: "auto".
   */
  readonly stages?: number | "auto" | undefined;
  /**
   * Rows of a step, from epochs in orders of their own; all: every row, as it is. Default: 32.
   */
  readonly batch?: number | "all" | undefined;
  /**
   * Parts of a batch that pass through the stages; they may be unequal. At least 1, at most
   * 4096. Default: 4.
   */
  readonly microbatches?: number | undefined;
  /**
   * The order of a stage's passes: all forward ones first (simple), or backward first. Default:
   * "1f1b".
   */
  readonly schedule?: "simple" | "interleaved" | "1f1b" | undefined;
  /** The most microbatches that a stage may have begun and not finished. At least 1. */
  readonly activeMicrobatches?: number | undefined;
  /**
   * Auto; the stage of each layer, { layer: stage }; or a layout, embedding | (4|)*6 ....
   * Default: "auto".
   */
  readonly placement?: string | Readonly<Record<string, number>> | undefined;
  /** Graph: the lightest heaviest stage; tree: by modules, as SageMaker's. Default: "graph". */
  readonly partitioner?: "graph" | "tree" | undefined;
  /** What stages are to be equal in: 0 time, 1 memory. At least 0, at most 1. Default: 0.5. */
  readonly balance?: number | undefined;
  /**
   * A layer that is used on several stages: each has a copy, or no cut parts its uses. Default:
   * "replicate".
   */
  readonly shared?: "replicate" | "colocate" | undefined;
  /**
   * Compute a stage's forward pass again for its backward pass; false: an environment keeps it,
   * and computes it again where it is not at hand. Default: true.
   */
  readonly recompute?: boolean | undefined;
  /**
   * Whole pipelines side by side: encoding deals microbatches to them, wait counts them. At
   * least 1, at most 256. Default: 1.
   */
  readonly replicas?: number | undefined;
  /**
   * Workers of each stage, among which large layers are divided: see split. At least 1, at most
   * 64. Default: 1.
   */
  readonly tensor?: number | undefined;
  /**
   * Which layers tensor divides, { layer: way }: column, row, vocabulary or heads; all that
   * divide where absent.
   */
  readonly split?: 
    | Readonly<Record<string, "column"
    | "row"
    | "vocabulary"
    | "heads">>
    | undefined;
  /**
   * The replicas that count update a share of the weights each, with the optimizer's state of
   * it; false: the first of them updates all. Default: true.
   */
  readonly shardOptimizer?: boolean | undefined;
  /**
   * A run that stopped before its end, with any stages: go on from its weights, its optimizer's
   * state and its place in the data.
   */
  readonly from?: string | undefined;
  /**
   * Activations in the store; true is refused, as computing them again is quicker. Default:
   * false.
   */
  readonly offload?: boolean | undefined;
}

/** Rounds of equal time: a worker does as many rows as it gets through, and none is late. */
interface AnytimeStrategy {
  readonly type: "anytime";
  /**
   * How long a worker computes in a round, from the start of its invocation. At most 60.
   * Default: 0.5.
   */
  readonly seconds?: number | undefined;
  /** Rows from one look at the clock to the next. At least 1. Default: 32. */
  readonly block?: number | undefined;
  /**
   * The most rows of a worker in a round; all: every row of its slot, each once. Default:
   * "all".
   */
  readonly batch?: number | "all" | undefined;
}

/** How training proceeds. */
export type StrategyChoice =
  | "rounds"
  | "encoded-blocks"
  | "alternating"
  | "async-sgd"
  | "turns"
  | "local-steps"
  | "gossip"
  | "dp-sgd"
  | "pipeline"
  | "anytime"
  | RoundsStrategy
  | EncodedBlocksStrategy
  | AlternatingStrategy
  | AsyncSgdStrategy
  | LocalStepsStrategy
  | GossipStrategy
  | DpSgdStrategy
  | PipelineStrategy
  | AnytimeStrategy;
