import { checkSpec } from "./backends/check-spec.ts";
import { homePath } from "./backends/home-path.ts";
import { readModel } from "./backends/model.ts";
import { type Predictions, predict as predictions, readingOf } from "./backends/predict.ts";
import { checkBackend } from "./backends/registry.ts";
import { nameRun } from "./backends/start-run.ts";
import { trainFurther, trainNew } from "./backends/train.ts";
import { withRun } from "./backends/with-run.ts";
import type { ResultEvent, RunEvent } from "./ports/events.ts";
import type { Orchestrated } from "./run/orchestrate.ts";
import { checkRunName } from "./run/record.ts";
import { type RunInput, resolveSpec } from "./run/spec.ts";

/** What a program may import: everything else may change without notice. */
export { RunError } from "./core/errors.ts";
export type { Compute, Outcome, Usage } from "./ports/compute.ts";
export type { ResultEvent, RunEvent } from "./ports/events.ts";
export type { Store } from "./ports/store.ts";
export type { WorkerReply, WorkerRequest, WorkerTask } from "./run/messages.ts";
export { defineRun, type RunInput, type RunSpec } from "./run/spec.ts";
export { readSpec } from "./run/spec-file.ts";
export { createWorker } from "./run/worker.ts";

export interface TrainOptions {
  /** Where workers run: `emulated` (the default), `threads` or `simulated`. */
  readonly backend?: string;
  /** The folder that keeps runs; KOFN_HOME, or `.kofn`, where absent. */
  readonly home?: string;
  /** The run's name instead of one made up. */
  readonly name?: string;
  /** Hears every event, in order. */
  readonly listen?: (event: RunEvent) => void;
  /** Stops the run, its checkpoint kept. */
  readonly signal?: AbortSignal;
}

/** What became of a run: its result so far, and why it stopped. */
export interface Trained {
  readonly run: string;
  readonly result: ResultEvent;
  /** `done`, or what stopped it earlier; then `resume` goes on with it. */
  readonly stop: "done" | "unfinished" | "budget" | "interrupted";
  /** In words; "finished" when it is done. */
  readonly reason: string;
}

/**
 * Trains by a spec, as `kofn run` does: encodes the data unless that was done before, runs to the
 * end or to a budget, and writes model and report into the home. Throws `RunError` for whatever is
 * wrong with spec or data, before anything starts where possible.
 */
export async function train(spec: RunInput, options: TrainOptions = {}): Promise<Trained> {
  const checked = checkSpec(resolveSpec(spec));
  const backend = checkBackend(options.backend ?? "emulated");
  const run = options.name === undefined ? nameRun() : checkRunName(options.name);
  const home = options.home ?? homePath();
  return trained(await trainNew({ run, spec: checked, backend, home }, options));
}

/** Goes on with a run: `run` is its name, a unique part of that, or `latest`. */
export async function resume(
  run: string,
  options: Omit<TrainOptions, "backend" | "name"> = {},
): Promise<Trained> {
  const home = options.home ?? homePath();
  const record = await withRun({ home }, run, async (_home, found) => found);
  return trained(await trainFurther(record, home, options));
}

export interface Prediction {
  /** The row's number within the file, from 0. */
  readonly row: number;
  /** The predicted number; of two classes the margin, positive for the second; else the largest. */
  readonly value: number;
  /** Absent where numbers are predicted. */
  readonly class?: string;
  /** Of the second of two classes; absent for problems that know no probabilities. */
  readonly probability?: number;
  /** By class, where there may be more than two. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

/** Predicts the raw rows of a data file with a run's model, in file order. */
export async function* predict(
  run: string,
  source: string,
  { home = homePath() }: { readonly home?: string } = {},
): AsyncGenerator<Prediction> {
  const { model, reading } = await withRun({ home }, run, async ({ store }, record) => {
    const found = await readModel(store, record.run);
    return { model: found, reading: readingOf(record.spec.data, found) };
  });
  const { classes } = model.preparation.target;
  for await (const batch of predictions(model, source, reading))
    for (let i = 0; i < batch.rows; i++) yield predictionAt(batch, i, classes);
}

function predictionAt(
  { firstRow, rows, values, classes, chances }: Predictions,
  i: number,
  labels: readonly string[] | null,
): Prediction {
  const row = firstRow + i;
  if (labels === null || classes === null) return { row, value: values[i]! };
  const chosen = classes[i]!;
  const label = labels[chosen]!;
  if (values.length === rows) {
    const probability = chances === null ? {} : { probability: chances[rows + i]! };
    return { row, value: values[i]!, class: label, ...probability };
  }
  const probabilities = Object.fromEntries(
    labels.map((name, of) => [name, chances?.[of * rows + i] ?? Number.NaN]),
  );
  return { row, value: values[chosen * rows + i]!, class: label, probabilities };
}

function trained({ record, end, result }: Orchestrated): Trained {
  const { stop } = end;
  const reason = stop.kind === "done" ? "finished" : stop.reason;
  return { run: record.run, result, stop: stop.kind, reason };
}
