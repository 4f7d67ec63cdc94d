import { RunError } from "../core/errors.ts";
import { dateOf } from "../data/formats/dates.ts";
import type { ColumnPlan, Preparation } from "../data/manifests.ts";
import { isRatings } from "../data/prepare/rating-rows.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import {
  modelReader,
  type Predictions,
  predictRows as predictions,
} from "../platform/training/predict.ts";
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

/** A model that predicts rows in memory. */
export function modelInHand(model: TrainedModel): Model {
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

/** One row's prediction out of a batch; `i` counts within it. */
export function predictionAt(
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
