import { checkRunName } from "./journal/run-record.ts";
import { homePath } from "./platform/local/paths.ts";
import { checkBackend } from "./platform/local/registry.ts";
import { checkSpec } from "./platform/training/check-spec.ts";
import { readTrainedModel } from "./platform/training/model.ts";
import { withOpenRun } from "./platform/training/open-run.ts";
import {
  modelReader,
  type Predictions,
  predictRows as predictions,
} from "./platform/training/predict.ts";
import { nameRun } from "./platform/training/start-run.ts";
import { trainFurther, trainNew } from "./platform/training/train.ts";
import { type TranslatedLine, translateLines } from "./platform/training/translate.ts";
import type { ResultEvent, RunEvent } from "./ports/events.ts";
import type { Orchestrated } from "./run/orchestrate.ts";
import { type RunInput, resolveSpec } from "./run/resolve-spec.ts";

/** What a program may import: everything else may change without notice. */
export { RunError } from "./core/errors.ts";
export type { Compute, Outcome, Usage } from "./ports/compute.ts";
export type { ResultEvent, RunEvent } from "./ports/events.ts";
export type { Store } from "./ports/store.ts";
export { corpusBleu } from "./problems/translation/bleu.ts";
export { defineRun, type RunInput } from "./run/resolve-spec.ts";
export { readSpec } from "./run/spec-file.ts";
export type { RunSpec } from "./spec/run-spec.ts";
export type { WorkerReply, WorkerRequest, WorkerTask } from "./tasks/protocol.ts";
export { createWorker } from "./worker/worker.ts";

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
  const record = await withOpenRun({ home }, run, async (_home, found) => found);
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
  const { model, reading } = await withOpenRun({ home }, run, async ({ store }, record) => {
    const found = await readTrainedModel(store, record.run);
    return { model: found, reading: modelReader(record.spec.data, found) };
  });
  const { classes } = model.preparation.target;
  for await (const batch of predictions(model, source, reading))
    for (let i = 0; i < batch.rows; i++) yield predictionAt(batch, i, classes);
}

export interface TranslateOptions {
  readonly home?: string;
  /** A file whose lines are what the translations should be. */
  readonly references?: string;
  /** Prefixes kept for a sentence: 4 where absent, 1 for greedy. */
  readonly beam?: number;
  /** Alpha of ((5 + length) / 6)^alpha: 0.6 where absent. */
  readonly lengthPenalty?: number;
}

/** Translates a file's sentences, one a line, with the model of a run of `translation`. */
export async function* translate(
  run: string,
  source: string,
  options: TranslateOptions = {},
): AsyncGenerator<TranslatedLine> {
  const { home = homePath(), references, beam = 4, lengthPenalty = 0.6 } = options;
  const model = await withOpenRun({ home }, run, ({ store }, record) =>
    readTrainedModel(store, record.run),
  );
  yield* translateLines(model, source, { references, beam, lengthPenalty });
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
