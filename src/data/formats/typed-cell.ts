import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { cellOf, numberCell } from "./cell.ts";
import type { Column } from "./table.ts";
import { areTruths } from "./twins.ts";

/** A cell of a format whose values have types: what a column of that kind makes of the value. */
export function typedCell(
  column: Column,
  value: unknown,
  missing: ReadonlySet<string>,
  place: () => string,
): number {
  if (typeof value === "number") return numberCell(column, value, missing, place);
  if (typeof value === "bigint") return wholeCell(column, value, missing, place);
  if (typeof value === "boolean") {
    const read = numberCell(column, Number(value), missing, place);
    if (read === -1 && !areTruths(column.levels.names)) throw wordsExpected(column, value, place);
    return read;
  }
  if (value instanceof Date && (column.date ?? column.observe) !== undefined)
    return pointInTime(column, value, place);
  if (typeof value === "string") return cellOf(column, value, missing, place);
  if (value === null || value === undefined) return cellOf(column, "", new Set([""]), place);
  const what = value instanceof Date ? "a date" : "a nested or binary value";
  throw new RunError("bad-column", `${place()}: it holds ${what}, expected a number or text`, {
    hint: `leave "${column.name}" out by data.drop, or turn it into numbers or text`,
  });
}

/** Whole numbers as words, such as keys, keep all of their digits. */
function wholeCell(
  column: Column,
  value: bigint,
  missing: ReadonlySet<string>,
  place: () => string,
): number {
  if (column.kind === "text") return cellOf(column, String(value), missing, place);
  return numberCell(column, Number(value), missing, place);
}

function pointInTime(column: Column, value: Date, place: () => string): number {
  const text = Number.isNaN(value.getTime()) ? "" : value.toISOString();
  return cellOf(column, text, new Set([""]), place);
}

/** A model's column of words such as yes and no: which of them is true, nobody said. */
function wordsExpected({ name, levels }: Column, value: boolean, place: () => string): RunError {
  const some = levels.names.slice(0, 5).map(inQuotes).join(", ");
  return new RunError("bad-column", `${place()}: it is ${value}, expected one of ${some}`, {
    hint: `write "${name}" as the words that the model was trained on`,
  });
}
