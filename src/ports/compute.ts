import type { TaskObjects } from "./object-ref.ts";

/** What came of a task. Lost is an ordinary value: late, failed, throttled, out of memory. */
export type Outcome<Result> =
  | { readonly kind: "done"; readonly result: Result }
  | {
      readonly kind: "lost";
      readonly reason: string;
      /** How long the platform wishes to be left alone (Retry-After), where it says so. */
      readonly retryAfterMs?: number;
    };

/** What one invocation used, whether or not its reply counted. */
export interface Usage {
  readonly billedMs: number;
  readonly coldStart: boolean;
  /** Orchestrator to worker: the request, and what it refers to in the store. */
  readonly bytesDown: number;
  /** Worker to orchestrator: the reply, and what it refers to. */
  readonly bytesUp: number;
  readonly costUsd: number;
  /** Requests to the store for what went by reference, of both sides; absent for none. */
  readonly storeReads?: number;
  readonly storeWrites?: number;
  /** The invocation may have run, and what it is billed is not known; absent where it is. */
  readonly mayHaveRun?: true;
  /** Where its time went, as far as the platform tells. */
  readonly phases?: UsagePhases;
  /** The last lines that the worker printed meanwhile; absent for none, and for private runs. */
  readonly printed?: string;
}

export interface UsagePhases {
  /** Until a new environment could take the request; absent where one was there. */
  readonly initMs?: number;
  /** From the request to the reply, in the worker. */
  readonly workerMs: number;
  /** Of that, computing; the rest is loading and sending. Absent in older records. */
  readonly computeMs?: number;
}

export const noUsage: Usage = {
  billedMs: 0,
  coldStart: false,
  bytesDown: 0,
  bytesUp: 0,
  costUsd: 0,
};

export type Deliver<Result> = (outcome: Outcome<Result>, usage: Usage) => void;

/** Whoever started several tasks at once; `index` says which of them. */
export interface Receiver<Result> {
  deliver(index: number, outcome: Outcome<Result>, usage: Usage): void;
  isWanted(index: number): boolean;
}

/** Told instead of a result that nobody waited for any more and nobody worked out. */
export const spared = { kind: "lost", reason: "" } as const;

/** What every task has: a name that is unique within its run, and the slot it belongs to. */
export interface Slotted {
  readonly id: string;
  readonly slot: number;
  /** Do not start before this time of the run's clock; absent means at once. */
  readonly notBeforeMs?: number;
  /** What it takes and leaves by reference; absent for a task that holds all it needs. */
  readonly objects?: TaskObjects;
  /** Of a task that works until its time is up: exactly so many rows instead. */
  readonly exactRows?: number;
  /** Whoever works on it gives it up after so many milliseconds; absent for no limit of its own. */
  readonly limitMs?: number;
}

/**
 * Where tasks run. Laws: `start` never throws and never calls `deliver` before it returns; a task
 * that fails is delivered as lost; a reply may come twice, late or never. Nothing can be taken
 * back once started. `isWanted` tells whether a reply would still count: once false, always false.
 */
export interface Compute<Task extends Slotted, Result> {
  start(task: Task, deliver: Deliver<Result>, isWanted?: () => boolean): void;
  /** For thousands of tasks: as `start` of one after another, with less ado. */
  startAll?(tasks: readonly Task[], receiver: Receiver<Result>): void;
  /** Frees what it holds. Replies that come later are not delivered. */
  close(): Promise<void>;
}
