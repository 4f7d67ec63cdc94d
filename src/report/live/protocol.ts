import type { EvaluatedEvent, PrivacySpent, ResultEvent, RunEvent } from "../../ports/events.ts";

/*
 * What the live page's server sends. Events go as `batch`, in the order of the log; `reset` says
 * that the log was written anew, as a resume does with what a crash left behind its checkpoint.
 */

/** A run as the list shows it. */
export interface RunRow {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly backend: string;
  readonly status: LiveRunStatus;
  /** Options of the spec by their paths, as in `optimizer.learningRate`. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Of its end; empty before that. */
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly note: string;
  readonly tags: readonly string[];
}

/** `starting`: there is no record yet; `stopped`: it can be resumed. */
export type LiveRunStatus = "starting" | "running" | "stopped" | "done" | "unfinished" | "damaged";

/** What holds of a run apart from its events; sent anew whenever it changes. */
export interface LiveStatus {
  readonly run: string;
  readonly status: LiveRunStatus;
  /** Why it stopped, or what is damaged. */
  readonly reason: string;
  /** Why the last resume from the page failed; empty where it did not. */
  readonly problem: string;
  readonly budgets: RunBudgets;
  /** Of a private run, by its ledgers. */
  readonly privacy: PrivacySpent | null;
  /** The end of its last segment, once it is evaluated; else nothing. */
  readonly evaluated: readonly EvaluatedEvent[];
  readonly result: ResultEvent | null;
}

/** What a run may use at most; null for no bound. */
export interface RunBudgets {
  readonly rounds: number | null;
  readonly seconds: number | null;
  readonly dollars: number | null;
}

export const noBudgets: RunBudgets = { rounds: null, seconds: null, dollars: null };

export interface LiveBatch {
  readonly run: string;
  readonly events: readonly RunEvent[];
}

export interface LiveReset {
  readonly run: string;
}

/** The store could not be read; it is tried again. */
export interface LiveTrouble {
  readonly message: string;
}

/** At most so many runs are followed by one page. */
export const runsFollowedMax = 16;
