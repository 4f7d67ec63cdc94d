import type { Usage } from "./compute.ts";
import type { Convergence, ModelFigures } from "./model-figures.ts";
import type { StageTimes } from "./stage-times.ts";

/**
 * The events of a run, in order; the report, `show` and `watch` are folds over it. `atMs` is
 * the run's own clock: 0 at its first start, going on from the last checkpoint after a resume.
 */
export type RunEvent =
  | StartedEvent
  | ArrivalEvent
  | ArrivalSummary
  | RoundEvent
  | EvaluatedEvent
  | CheckpointEvent
  | { readonly type: "tick"; readonly atMs: number }
  | { readonly type: "resumed"; readonly atMs: number; readonly sequence: number }
  | { readonly type: "warning"; readonly atMs: number; readonly message: string }
  | StoppedEvent
  | ResultEvent;

export interface StartedEvent {
  readonly type: "started";
  readonly atMs: number;
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly backend: string;
  /** The resolved spec, as plain data. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly facts: RunFacts;
  /** Absent where the platform was not measured beforehand; of a pipeline `stages`. */
  readonly forecast?: RunForecast;
  readonly stages?: StageTimes;
}

/** What a run was expected to take before it began. */
export interface RunForecast {
  /** For so many rounds. */
  readonly rounds: number;
  readonly seconds: number;
  /** One future in ten is shorter, and one in ten longer. */
  readonly secondsLow: number;
  readonly secondsHigh: number;
  readonly dollars: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** For fewer rounds, ascending: starts are paid for first. Absent in older records. */
  readonly partway?: readonly ForecastPoint[];
}

export type ForecastPoint = Pick<RunForecast, "rounds" | "seconds" | "dollars">;

export interface RunFacts {
  readonly problem: string;
  readonly optimizer: string;
  readonly encoding: string;
  readonly redundancy: number;
  readonly workers: number;
  /** In words, as in "fastest 12 of 16". */
  readonly wait: string;
  readonly rows: number;
  readonly testRows: number;
  readonly features: number;
  /** Where shards are not float32: how they are stored, and |X' - X| / |X| of what is. */
  readonly storage?: { readonly type: string; readonly relativeError: number };
  readonly roundsMax: number;
}

/** One reply (or silence that became one), whether or not it counted. */
export interface ArrivalEvent {
  readonly type: "arrival";
  readonly atMs: number;
  readonly task: string;
  readonly slot: number;
  readonly startedMs: number;
  /** `counted`: part of the result; `late`: no longer wanted; `lost`: no result. */
  readonly fate: "counted" | "late" | "lost";
  readonly reason?: string;
  /** The platform's wish, with a lost one: when it was asked for again hangs on it. */
  readonly retryAfterMs?: number;
  /** Of a task that worked until its time was up: how many rows. A replay asks for as many. */
  readonly rows?: number;
  readonly usage: Usage;
}

/**
 * The sums of many replies. A large simulated run has an event for each reply of a few slots only,
 * and one such sum a round for all other slots. It cannot be replayed, but simulated again.
 */
export interface ArrivalSummary {
  readonly type: "arrivals";
  readonly atMs: number;
  readonly counted: number;
  readonly late: number;
  readonly lost: number;
  readonly coldStarts: number;
  /** By what counted, and by what did not. */
  readonly used: UsageSum;
  readonly unused: UsageSum;
  /** How much later rounds would have ended had they waited for these, all slots included. */
  readonly savedMs: number;
  /** Pairs of numbers, one after another: so many replies took `timeBase` to so many ms. */
  readonly took: readonly number[];
  readonly timeBase: number;
  readonly losses: Readonly<Record<string, number>>;
}

export type UsageSum = Omit<Usage, "coldStart" | "mayHaveRun" | "phases" | "printed">;

/** A round has ended: its quorum was there and the weights moved. */
export interface RoundEvent {
  readonly type: "round";
  readonly atMs: number;
  readonly startedMs: number;
  readonly round: number;
  /** Slots whose gradients counted, ascending; only those whose replies have their own events. */
  readonly counted: readonly number[];
  /** Estimated from the replies that counted, regulariser included, before this round's step. */
  readonly objectiveEstimate: number;
  /** Of the proximal gradient mapping under l1; a searcher's of weights of scaled features. */
  readonly gradientNorm: number;
  /** What is left of it, as `stop.tolerance` measures that; absent where nothing stops a run. */
  readonly slopeLeft?: number;
  /** Objective and gradient are those of all data, not an estimate. */
  readonly exact?: true;
  readonly stepSize: number;
  /** Why the weights stayed where they were, with a step of 0 that nobody wanted. */
  readonly stood?: string;
  /** What the optimizer has learned about itself by then, by name. */
  readonly coefficients?: Readonly<Record<string, number>>;
  /**
   * Without rounds that all begin together: for every gradient that counted, in the order they
   * came in, how many steps were taken since its weights.
   */
  readonly staleness?: readonly number[];
  /** Where updates are compressed: of the weights sent down and of the payloads that counted. */
  readonly bitsDown?: number;
  readonly bitsUp?: number;
  /** Of a network whose tables' gradients were asked for by their rows: one a table. */
  readonly tables?: readonly TableTraffic[];
}

/** How one table's gradient travelled in a round. */
export interface TableTraffic {
  /** The tensor's name. */
  readonly tensor: string;
  /** Rows that the table has, and those that the sum of all replies touches. */
  readonly rows: number;
  readonly distinctRows: number;
  /** Of all replies that counted: as slices, dense, and as they were sent. */
  readonly slicesBytes: number;
  readonly denseBytes: number;
  readonly sentBytes: number;
  /** Why a reply was dense: see `TableFacts`. Absent where all were slices. */
  readonly dense?: "tied" | "penalty" | "rows";
  /** Why rows without a gradient move all the same; absent where they stay. */
  readonly moves?: "momentum" | "decay" | "whole";
}

/** The original problem's objective and metrics at the weights of one round's end. */
export interface EvaluatedEvent {
  readonly type: "evaluated";
  readonly atMs: number;
  readonly round: number;
  readonly objective: number;
  readonly train: Readonly<Record<string, number>>;
  readonly test: Readonly<Record<string, number>>;
}

export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly atMs: number;
  readonly sequence: number;
  readonly key: string;
}

export interface StoppedEvent {
  readonly type: "stopped";
  readonly atMs: number;
  readonly kind: "done" | "unfinished" | "budget" | "interrupted";
  readonly reason: string;
  /** What one more round is forecast to cost, where dollars are why. */
  readonly nextUsd?: number;
}

/** What the messages of a private run have cost together, by their ledgers. */
export interface PrivacySpent {
  readonly epsilon: number;
  readonly delta: number;
  /** The most that epsilon may come to. */
  readonly budget: number;
  /** Whose data it is about: a node's, or a record's. */
  readonly unit: string;
  readonly adjacency: string;
  /** Messages, used or not. */
  readonly released: number;
  /** Who can read them, in words. */
  readonly observers: string;
}

export interface ResultEvent {
  readonly type: "result";
  readonly run: string;
  readonly rounds: number;
  readonly objective: number;
  readonly metrics: {
    readonly train: Readonly<Record<string, number>>;
    readonly test: Readonly<Record<string, number>>;
  };
  readonly seconds: number;
  readonly dollars: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Where updates are compressed: of the payloads that counted and of the weights sent down. */
  readonly bitsUp?: number;
  readonly bitsDown?: number;
  /** Of a private run; the same as `privacy.epsilon`. */
  readonly epsilon?: number;
  readonly privacy?: PrivacySpent;
  /** Tasks whose reply did not count: late or lost. */
  readonly erasures: number;
  readonly weightsDigest: string;
  /** How near the optimum it came; absent where no event says so, and for private runs. */
  readonly convergence?: Convergence;
  /** How good its predictions are; absent of private runs that do not evaluate, and of text. */
  readonly figures?: ModelFigures;
  /** What had been expected for as many rounds as there were. */
  readonly forecast?: { readonly seconds: number; readonly dollars: number };
  /** Paths or keys of the page and of the model. */
  readonly report: string;
  readonly model: string;
}
