// Made by `npm run docs` from the registries: edit those, not this file.
import type { Registered } from "../registered.ts";
import type { CompressionChoice } from "./compressors.ts";
import type { DataChoice } from "./data.ts";
import type { EncodingChoice } from "./encodings.ts";
import type { OptimizerChoice } from "./optimizers.ts";
import type { ProblemChoice } from "./problems.ts";
import type { StrategyChoice } from "./strategies.ts";
import type { WeatherChoice } from "./weather.ts";

/** A spec as TypeScript writes it: members of families are told apart by `type`. */
export interface SpecChoices {
  /** What is minimised. */
  readonly problem: ProblemChoice;
  /** Where the rows are and how they become features. */
  readonly data: DataChoice;
  /**
   * How many workers; auto leaves it to the planner. At least 1, at most 65536. Default: 16.
   */
  readonly workers?: number | "auto" | undefined;
  /** How rows are stored redundantly; auto leaves it to the planner, as wait: auto does. */
  readonly encoding?: EncodingChoice | "auto" | undefined;
  /** How training proceeds; rounds usually, alternating for ratings. */
  readonly strategy?: StrategyChoice | undefined;
  /** How weights move; l-bfgs usually, fista where there is an l1 penalty. */
  readonly optimizer?: OptimizerChoice | undefined;
  /**
   * How updates are told in few bits, with `feedback`: error-feedback, ef21 or none, and
   * `down`, a compressor of weights; for strategy: local-steps.
   */
  readonly compression?: CompressionChoice | undefined;
  /**
   * How the gradient of an embedding is told: auto, by its rows where those are fewer bytes
   * (the usual way); dense; gather, every contribution by itself, for comparison.
   */
  readonly gradients?: "auto" | "dense" | "gather" | undefined;
  /** True is gradients: dense, as other libraries call it; false is gradients: auto. */
  readonly sparseAsDense?: boolean | undefined;
  /**
   * Functions add gradients up, through the store; the orchestrator does where it is absent.
   */
  readonly reduction?: "auto" | "star" | "tree" | "scatter" | {
    /**
     * Who adds up gradients: star, one function; tree, functions of fanIn each; scatter, a
     * function for each shard of the weights; auto, by the formula the quickest that fits one.
     * Default: "auto".
     */
    readonly type?: "auto" | "star" | "tree" | "scatter" | undefined;
    /** Scatter: how many shards, at most. At least 1, at most 64. Default: 8. */
    readonly shards?: number | undefined;
    /** Tree: how many a function adds up. At least 2, at most 64. Default: 4. */
    readonly fanIn?: number | undefined;
  } | undefined;
  /** What nobody may learn of whom: the budget of a private run; strategy: gossip. */
  readonly privacy?: {
    /** The most that may be learned of anybody: the budget. At most 1000. */
    readonly epsilon: number;
    /** The chance that it is more; well below one over the number of records. At least 0. */
    readonly delta: number;
    /** Whose data are protected: a node's whole data, or a record of a node. */
    readonly unit: "node" | "record";
    /**
     * How neighbouring data sets differ: replace-one, zero-out, or add-remove, under which each
     * record decides by itself where it goes, so that one less moves no other.
     */
    readonly adjacency: "add-remove" | "replace-one" | "zero-out";
    /** The norm that every record's gradient is clipped to; public. */
    readonly clip: number;
    /** Gaussian, or laplace for delta 0: far more noise. Default: "gaussian". */
    readonly noise?: "gaussian" | "laplace" | undefined;
    /**
     * What a sum of gradients is divided by, a node's in gossip: a public number; the number of
     * rows where that is public, as under replace-one and zero-out. At least 1.
     */
    readonly divisor?: number | undefined;
    /**
     * Tell objective and metrics, which are computed from raw rows, so that nothing of them is
     * private: true for the data's owner only; test for metrics of the test rows alone, where
     * those are public. Default: false.
     */
    readonly evaluate?: boolean | "test" | undefined;
  } | undefined;
  /** When to stop. */
  readonly stop?: {
    /** The most rounds. At least 0, at most 1000000. Default: 100. */
    readonly rounds?: number | undefined;
    /**
     * Stop when no more than this is left of the gradient, as a part of the most that it can be
     * at a loss so large; of networks, as a part of the objective. At least 0. Default: 1e-6.
     */
    readonly tolerance?: number | undefined;
    /** The most seconds. */
    readonly seconds?: number | undefined;
    /** The most dollars for workers: no task starts that could go over. */
    readonly dollars?: number | undefined;
    /**
     * Seconds without any reply after which a run gives up, its checkpoint kept. Default: 60.
     */
    readonly patience?: number | undefined;
  } | undefined;
  /**
   * Where the run is told besides: otlp, a trace for an OpenTelemetry collector; mlflow, a run
   * of an MLflow server; jsonl and csv, files in the run's folder.
   */
  readonly report?: readonly ("otlp" | "mlflow" | "jsonl" | "csv")[] | undefined;
  /** What all randomness hangs on. At least 0. Default: 1. */
  readonly seed?: number | undefined;
  /** How the emulated platform behaves: emulated and simulated runs only. */
  readonly weather?: WeatherChoice | undefined;
  /**
   * Whom a round waits for: all, { fastest: k }, { deadline: 800ms, atLeast: k }, adaptive, {
   * adaptive: { rule: ... } }, or { speculate: { after: 0.75, factor: 1.5, quorum: all } }.
   */
  readonly wait?: "all" | {
    /** At least 1. */
    readonly fastest: number;
  } | {
    /** A duration: milliseconds, or text such as "800ms" or "2s". */
    readonly deadline: number | string;
    /** At least 1. */
    readonly atLeast: number;
  } | "adaptive" | {
    readonly adaptive: {
      /**
       * How k is chosen: progress over time, a learned deadline, or gradients at odds. Default:
       * "gain".
       */
      readonly rule?: "gain" | "deadline" | "disagreement" | undefined;
      /** Never fewer replies than this. At least 1. */
      readonly atLeast?: number | undefined;
      /** Gain: the step as a multiple of 1/L. Default: 1. */
      readonly step?: number | undefined;
      /**
       * Deadline: the multiple of the usual median reply's time. At least 1, at most 100.
       * Default: 1.5.
       */
      readonly factor?: number | undefined;
      /**
       * Disagreement: so many more rounds at odds than in line raise k. At least 1. Default: 4.
       */
      readonly threshold?: number | undefined;
    };
  } | {
    readonly speculate: {
      /** The share of replies that comes first. At most 1. Default: 0.75. */
      readonly after?: number | undefined;
      /**
       * Copies are made of tasks that run longer than this multiple of the median. At least 1,
       * at most 100. Default: 1.5.
       */
      readonly factor?: number | undefined;
      /** No task that ran for less is copied. */
      readonly minimum?: number | string | undefined;
      /** Whom a round waits for. */
      readonly quorum?: "all" | {
        /** At least 1. */
        readonly fastest: number;
      } | {
        /** A duration: milliseconds, or text such as "800ms" or "2s". */
        readonly deadline: number | string;
        /** At least 1. */
        readonly atLeast: number;
      } | undefined;
    };
  } | {
    /** A rule that the program registered. */
    readonly rule: string;
    /** The rule's own options. */
    readonly options?: Readonly<Record<string, unknown>> | undefined;
  } | "auto" | undefined | Registered<"wait">;
}
