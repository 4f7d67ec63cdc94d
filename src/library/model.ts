import { stat } from "node:fs/promises";
import { RunError } from "../core/errors.ts";
import { dateOf } from "../data/formats/dates.ts";
import type { ColumnPlan, Preparation } from "../data/manifests.ts";
import { isRatings } from "../data/prepare/rating-rows.ts";
import { readModelFrom } from "../model-export/read-model.ts";
import { homePath } from "../platform/local/paths.ts";
import { openDataSource } from "../platform/open-source.ts";
import { readTrainedModel, type TrainedModel } from "../platform/training/model.ts";
import { withTrainedRun } from "../platform/training/open-run.ts";
import {
  modelReader,
  type Predictions,
  predictRows as predictions,
} from "../platform/training/predict.ts";
import { type TranslatedLine, translateLines } from "../platform/training/translate.ts";
import { rowsInMemory } from "./row-file.ts";
import type { RowSource } from "./row-source.ts";

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

/** A trained model in memory, with the preparation of raw rows. */
export interface Model {
  /** Of the run that trained it. */
  readonly run: string;
  /** Columns that a row needs, in the order that a row as a list has them. */
  readonly columns: readonly string[];
  /** Labels of what is predicted; null for numbers. */
  readonly classes: readonly string[] | null;
  /** A row that it takes: numbers about as they usually are, and the first of all levels. */
  readonly example: Readonly<Record<string, number | string>>;
  /** Predicts raw rows, in their order: the same numbers as `kofn predict`. */
  predict(rows: RowSource): Promise<Prediction[]>;
}

/**
 * A model by its run's name (or a unique part of it, or `latest`), or from where it was exported
 * to: a `.safetensors` file, or a folder of `kofn export --format hub`. Throws `RunError` where
 * there is none.
 */
export async function loadModel(
  from: string,
  { home = homePath() }: { readonly home?: string } = {},
): Promise<Model> {
  const isPath = /[\\/]|\.safetensors$/.test(from) || (await isFolder(from));
  if (isPath) return modelInHand(await readModelFrom(from));
  return modelInHand(
    await withTrainedRun({ home }, from, ({ store }, { run }) => readTrainedModel(store, run)),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function modelInHand(model: TrainedModel): Model {
  const { preparation } = model;
  const columns = preparation.columns.map(({ name }) => name);
  const { classes } = preparation.target;
  const about = { run: model.run, columns, classes, example: exampleOf(preparation) };
  const isNumbered = preparation.sparse && !isRatings(preparation);
  if (preparation.text !== undefined || preparation.pairs !== undefined || isNumbered)
    return { ...about, predict: () => refuseRows(model) };
  const reading = csvReading(model);
  return {
    ...about,
    async predict(rows) {
      const source = await rowsInMemory(rows, columns);
      const predicted: Prediction[] = [];
      for await (const batch of predictions(model, "rows", reading, undefined, async () => source))
        for (let i = 0; i < batch.rows; i++) predicted.push(predictionAt(batch, i, classes));
      return predicted;
    },
  };
}

function exampleOf({ columns }: Preparation): Model["example"] {
  return Object.fromEntries(columns.map((plan) => [plan.name, exampleCell(plan)]));
}

/** A date stands as its days, and is written as a date. */
function exampleCell(plan: ColumnPlan): number | string {
  switch (plan.kind) {
    case "numeric":
      return plan.date === true ? dateOf(Math.round(plan.mean)) : Number(plan.mean.toPrecision(3));
    case "date-parts":
      return dateOf(Math.round(plan.parts[0]!.mean));
    case "hash":
      return "any";
    default:
      return plan.levels[0] ?? "any";
  }
}

async function refuseRows({ run, preparation }: TrainedModel): Promise<never> {
  const kind = preparation.sparse ? "LIBSVM rows" : "text";
  throw new RunError("bad-format", `predict: the model of ${run} takes ${kind}, not columns`, {
    hint: "predict a file: predict(run, source), or for sentences translate(run, source)",
  });
}

function csvReading(model: TrainedModel) {
  const missingValues = [""];
  const usual = { delimiter: ",", header: true, missing: "refuse" } as const;
  return modelReader({ ...usual, missingValues }, model);
}

/** Predicts the raw rows of a data file with a run's model, in file order. */
export async function* predict(
  run: string,
  source: string,
  { home = homePath() }: { readonly home?: string } = {},
): AsyncGenerator<Prediction> {
  const { model, reading } = await withTrainedRun({ home }, run, async ({ store }, record) => {
    const found = await readTrainedModel(store, record.run);
    return { model: found, reading: modelReader(record.spec.data, found) };
  });
  const { classes } = model.preparation.target;
  for await (const batch of predictions(model, source, reading, undefined, openDataSource))
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
  const model = await withTrainedRun({ home }, run, ({ store }, record) =>
    readTrainedModel(store, record.run),
  );
  yield* translateLines(model, source, { references, beam, lengthPenalty });
}
