import type { RunEvent } from "../ports/events.ts";

/** Where a run may be told, by the names that a spec's `report` takes. */
export const reporterNames = ["otlp", "mlflow", "jsonl", "csv"] as const;

export type ReporterName = (typeof reporterNames)[number];

/** What is told of a run besides its events. */
export interface ReportedRun {
  readonly run: string;
  readonly startedAt: Date;
  readonly spec: object;
  readonly backend: string;
  /** The folder for files. */
  readonly folder: string;
  /** Of the trained model, when it is there. */
  model(): Promise<Uint8Array | null>;
}

/**
 * Takes events in their order. `take` is quick and does not fail; `close` waits for what is on its
 * way, for a bounded time, and rejects with what went wrong. The same events again, as after a
 * resume, are told as the same.
 */
export interface Reporter {
  take(event: RunEvent): void;
  /** Waits for what is on its way, where many events come at once. */
  drain?(): Promise<void>;
  /** A run that `goesOn` has no end yet: the round under way is told by whoever goes on. */
  close(goesOn?: boolean): Promise<void>;
}

/** How long `close` waits for others at most, in ms. */
export const closeMsMax = 10_000;
