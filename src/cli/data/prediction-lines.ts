import { RunError } from "../../core/errors.ts";
import type { Predictions } from "../../platform/training/predict.ts";

export type Labels = readonly string[] | null;

const formats = ["csv", "jsonl", "parquet"] as const;
type PredictionFormat = (typeof formats)[number];

/** How predictions are written. */
export interface PredictionStyle {
  readonly format: PredictionFormat;
  /** Columns of the data that stand behind the row's number. */
  readonly keep: readonly string[];
  /** From which probability on a row is of the second class; null where one half decides. */
  readonly threshold: number | null;
}

interface PredictionColumn {
  readonly name: string;
  readonly type: "whole number" | "number" | "text";
  readonly at: (row: number) => number | string;
}

export interface PredictionFlags {
  readonly output?: string;
  readonly keep?: string;
  readonly format?: string;
  readonly threshold?: string;
}

/** Flags of `kofn predict` in order. Throws `RunError` where one cannot be. */
export function predictionStyle(flags: PredictionFlags, labels: Labels): PredictionStyle {
  const { keep = "", threshold } = flags;
  const names = keep.split(",").filter((name) => name !== "");
  return { format: formatFor(flags), keep: names, threshold: thresholdOf(threshold, labels) };
}

/** As it is named, else as the file's ending says. */
function formatFor({ format, output }: PredictionFlags): PredictionFormat {
  const isTable = /\.parquet$/i.test(output ?? "");
  const isLines = /\.(jsonl|ndjson)$/i.test(output ?? "");
  const chosen = format ?? (isTable ? "parquet" : isLines ? "jsonl" : "csv");
  const known = formats.find((one) => one === chosen);
  if (known === undefined)
    throw new RunError("bad-format", `--format: ${chosen}, expected csv, jsonl or parquet`, {
      hint: "csv has a line of names and a line a row, jsonl an object a line",
    });
  if (known === "parquet" && output === undefined)
    throw new RunError("bad-option", "--format: parquet is written to a file", {
      hint: "name one by --output NAME.parquet",
    });
  if (isTable && known !== "parquet")
    throw new RunError("bad-option", `--output: ${output}, but --format is ${known}`, {
      hint: "leave --format out, or name a file of another ending",
    });
  return known;
}

function thresholdOf(text: string | undefined, labels: Labels): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (labels?.length === 2 && value > 0 && value < 1) return value;
  const what = labels?.length === 2 ? "expected a number between 0 and 1" : "not of two classes";
  throw new RunError("bad-option", `--threshold: ${text}: ${what}`, {
    hint: "it is the probability from which on a row is taken for the second of two classes",
  });
}

/** The line before those of the rows, and a word about the columns to people. */
export function predictionHead(
  batch: Predictions,
  labels: Labels,
  style: PredictionStyle,
): { readonly header: string; readonly note: string | null } {
  const names = predictionColumns(batch, labels, style, []).map(({ name }) => csvCell(name));
  const header = style.format === "csv" ? `${names.join(",")}\n` : "";
  const { values, rows, chances } = batch;
  const isMargin = labels !== null && values.length === rows && chances === null;
  return { header, note: isMargin ? `margin: above 0 for class ${labels[1]}` : null };
}

/** A line a row: its number in the file, what is kept of it, and what is predicted. */
export function predictionLines(
  batch: Predictions,
  labels: Labels,
  style: PredictionStyle,
  kept: readonly (readonly string[])[],
): string {
  const columns = predictionColumns(batch, labels, style, kept);
  let text = "";
  for (let row = 0; row < batch.rows; row++) {
    const cells = columns.map(({ name, at }) => [name, at(row)] as const);
    text +=
      style.format === "csv"
        ? cells.map(([, cell]) => csvCell(String(cell))).join(",")
        : JSON.stringify(Object.fromEntries(cells));
    text += "\n";
  }
  return text;
}

/** The columns of a batch: its rows' numbers in the file, what is kept, and what is predicted. */
export function predictionColumns(
  batch: Predictions,
  labels: Labels,
  style: PredictionStyle,
  kept: readonly (readonly string[])[],
): readonly PredictionColumn[] {
  const columns = columnsOf(batch, labels, style, kept);
  const own = columns.filter((_, i) => i === 0 || i > style.keep.length).map(({ name }) => name);
  for (const [i, name] of style.keep.entries())
    if (own.includes(name) || style.keep.indexOf(name) < i)
      throw new RunError("duplicate-column", `--keep: ${name}: two columns would have this name`, {
        hint: `keep others: predictions have ${own.join(", ")}`,
      });
  return columns;
}

function columnsOf(
  { firstRow, rows, values, classes, chances }: Predictions,
  labels: Labels,
  { keep, threshold }: PredictionStyle,
  kept: readonly (readonly string[])[],
): PredictionColumn[] {
  const text = (name: string, at: (row: number) => string) => ({ name, type: "text", at }) as const;
  const number = (name: string, at: (row: number) => number) =>
    ({ name, type: "number", at }) as const;
  const about: PredictionColumn[] = [
    { name: "row", type: "whole number", at: (row) => firstRow + row },
    ...keep.map((name, i) => text(name, (row) => kept[row]?.[i] ?? "")),
  ];
  if (labels === null || classes === null)
    return [...about, number("prediction", (row) => values[row]!)];
  if (threshold !== null && chances === null)
    throw new RunError("bad-option", "--threshold: the model has margins, not probabilities", {
      hint: "leave it out, or train a logistic regression",
    });
  const classOf = (row: number) =>
    threshold === null ? classes[row]! : Number(chances![rows + row]! >= threshold);
  const named = text("class", (row) => labels[classOf(row)]!);
  const chance = (of: number) =>
    number(`probability ${labels[of]}`, (row) => chances?.[of * rows + row] ?? Number.NaN);
  if (values.length > rows) return [...about, named, ...[...labels.keys()].map(chance)];
  const margin = number("margin", (row) => values[row]!);
  return [...about, named, chances === null ? margin : chance(1)];
}

/** As CSV wants it: labels come from data. */
export function csvCell(label: string): string {
  return /[",\r\n]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label;
}
