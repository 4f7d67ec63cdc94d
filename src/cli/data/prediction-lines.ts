import { RunError } from "../../core/errors.ts";
import type { Predictions } from "../../platform/training/predict.ts";

export type Labels = readonly string[] | null;

/** How predictions are written. */
export interface PredictionStyle {
  readonly format: "csv" | "jsonl";
  /** Columns of the data that stand behind the row's number. */
  readonly keep: readonly string[];
  /** From which probability on a row is of the second class; null where one half decides. */
  readonly threshold: number | null;
}

interface PredictionColumn {
  readonly name: string;
  at(row: number): number | string | undefined;
}

/** Flags of `kofn predict` in order. Throws `RunError` where one cannot be. */
export function predictionStyle(
  flags: { readonly format?: string; readonly keep?: string; readonly threshold?: string },
  labels: Labels,
): PredictionStyle {
  const { format = "csv", keep = "", threshold } = flags;
  if (format !== "csv" && format !== "jsonl")
    throw new RunError("bad-format", `--format: ${format}, expected csv or jsonl`, {
      hint: "csv has a line of names and a line a row, jsonl an object a line",
    });
  const names = keep.split(",").filter((name) => name !== "");
  return { format, keep: names, threshold: thresholdOf(threshold, labels) };
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
  const names = columnsOf(batch, labels, style, []).map(({ name }) => csvCell(name));
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
  const columns = columnsOf(batch, labels, style, kept);
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

function columnsOf(
  { firstRow, rows, values, classes, chances }: Predictions,
  labels: Labels,
  { keep, threshold }: PredictionStyle,
  kept: readonly (readonly string[])[],
): PredictionColumn[] {
  const about: PredictionColumn[] = [
    { name: "row", at: (row) => firstRow + row },
    ...keep.map((name, i) => ({ name, at: (row: number) => kept[row]?.[i] })),
  ];
  if (labels === null || classes === null)
    return [...about, { name: "prediction", at: (row) => values[row] }];
  if (threshold !== null && chances === null)
    throw new RunError("bad-option", "--threshold: the model has margins, not probabilities", {
      hint: "leave it out, or train a logistic regression",
    });
  const classOf = (row: number) =>
    threshold === null ? classes[row]! : Number(chances![rows + row]! >= threshold);
  const named = { name: "class", at: (row: number) => labels[classOf(row)] };
  const chance = (of: number) => ({
    name: `probability ${labels[of]}`,
    at: (row: number) => chances?.[of * rows + row],
  });
  if (values.length > rows) return [...about, named, ...[...labels.keys()].map(chance)];
  const margin = { name: "margin", at: (row: number) => values[row] };
  return [...about, named, chances === null ? margin : chance(1)];
}

/** As CSV wants it: labels come from data. */
export function csvCell(label: string): string {
  return /[",\r\n]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label;
}
