import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { daysIn } from "./dates.ts";
import type { Column } from "./table.ts";

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The number a text stands for, be it infinite or NaN; undefined where it stands for none. */
export function numberIn(text: string): number | undefined {
  const trimmed = text.trim();
  if (decimal.test(trimmed)) return Number(trimmed);
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(trimmed);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?nan$/i.test(trimmed) ? Number.NaN : undefined;
}

/** What programs write where a number is missing; words like any other where words are expected. */
const numberless = new Set([
  ...["NULL", "None", "<NA>", "\\N", "nil", "n/a", "na", "-", "--", "."],
  ...["#N/A", "#N/A N/A", "#NA", "#DIV/0!", "#NUM!", "#NULL!", "#REF!", "#VALUE!", "#NAME?"],
]);

/** Whether a cell among numbers stands for a number that is missing. */
export function isNumberless(text: string): boolean {
  return numberless.has(text.trim());
}

/** 1 or 0 for a text that is a truth value; undefined for others. */
export function truthOf(text: string): number | undefined {
  const word = text.trim().toLowerCase();
  return word === "true" ? 1 : word === "false" ? 0 : undefined;
}

/**
 * One text as what a window holds: a number, a level's number, or NaN where it is missing.
 * `place` is called only for messages.
 */
export function cellOf(
  column: Column,
  text: string,
  missingValues: ReadonlySet<string>,
  place: () => string,
): number {
  if (column.observe !== undefined) return column.observe(text);
  if (missingValues.has(text.trim())) return missingCell(column, text, place);
  if (column.kind === "text") return levelOf(column, text, place);
  if (column.date === true) return dateCell(column, text, place);
  const value = numberIn(text) ?? (column.truth === true ? truthOf(text) : undefined);
  if (value === undefined && isNumberless(text)) return missingCell(column, text, place);
  if (value === undefined) {
    const held = column.truth === true ? "truth values" : "numbers";
    throw new RunError("bad-number", `${place()}: ${inQuotes(text)} is not a number`, {
      hint:
        `"${column.name}" held ${held} up to here; correct the value, list it under ` +
        `missingValues, or name the column under categorical`,
    });
  }
  return finiteNumber(column, value, text, place);
}

/** Features are stored in single precision. */
const largest = 3.4028234663852886e38;

/** Whether a number is finite, also in single precision. */
export function isSingle(value: number): boolean {
  return value <= largest && value >= -largest;
}

function finiteNumber(column: Column, value: number, text: string, place: () => string): number {
  if (isSingle(value)) return value;
  throw new RunError(
    "not-finite",
    `${place()}: ${inQuotes(text)} is not a finite number (float32)`,
    {
      hint: `correct the value of "${column.name}", or list it under missingValues`,
    },
  );
}

/** A number from a file that holds numbers as such; NaN is missing where the text NaN would be. */
export function numberCell(
  column: Column,
  value: number,
  missingValues: ReadonlySet<string>,
  place: () => string,
): number {
  const isPlain = column.kind === "number" && column.date !== true;
  if (isPlain && value <= largest && value >= -largest) return value;
  return cellOf(column, String(value), missingValues, place);
}

function dateCell(column: Column, text: string, place: () => string): number {
  const days = daysIn(text);
  if (days !== undefined) return days;
  if (isNumberless(text)) return missingCell(column, text, place);
  throw new RunError("bad-number", `${place()}: ${inQuotes(text)} is not a date`, {
    hint:
      `"${column.name}" held dates up to here: write them like 2024-01-31 or ` +
      "2024-01-31 12:30:00, list what means a missing one under missingValues, or set data.dates",
  });
}

export function missingCell(column: Column, text: string, place: () => string): number {
  if (column.missing === "keep") return Number.NaN;
  throw new RunError("missing-value", `${place()}: the value is missing (${inQuotes(text)})`, {
    hint:
      `fill it in, remove the row, or set data.missing: impute (the target is never imputed); ` +
      `"${column.name}" can also be left out by data.drop`,
  });
}

/** Texts whose level is remembered, where it can be found again. */
const idsMax = 100_000;

export function levelOf(column: Column, text: string, place: () => string): number {
  const { ids, names, max, find, isClosed } = column.levels;
  const existing = ids.get(text);
  if (existing !== undefined) return existing;
  const other = find?.(text) ?? Number.NaN;
  if (!Number.isNaN(other)) {
    if (ids.size < idsMax) ids.set(text, other);
    return other;
  }
  if (max === null) {
    if (isClosed === true) throw unlisted(column, text, place);
    return -1;
  }
  if (names.length >= max)
    throw new RunError(
      "too-many-categories",
      `${place()}: ${inQuotes(text)} would be category ${max + 1} of "${column.name}", ` +
        `expected at most ${max}`,
      { hint: tooManyHint(max) },
    );
  ids.set(text, names.length);
  names.push(text);
  return names.length - 1;
}

/** Options that name levels allow for so many at most; a column may have more of its own accord. */
const namedLevelsMax = 10_000;

function tooManyHint(max: number): string {
  const other = max > namedLevelsMax ? "hash its words" : "raise data.categoriesMax";
  return `leave the column out by data.drop, or ${other}`;
}

function unlisted({ name, isTarget, levels }: Column, text: string, place: () => string): RunError {
  const some = levels.names.slice(0, 8).map(inQuotes).join(", ");
  const more = levels.names.length > 8 ? ", ..." : "";
  const isOne = (of: string) =>
    `${place()}: ${inQuotes(text)}, expected one of ${of} (${some}${more})`;
  if (isTarget)
    return new RunError("unlisted-class", isOne("data.classes"), {
      hint: "list the class in data.classes, or leave its rows out",
    });
  return new RunError("unlisted-level", isOne("its levels in order"), {
    hint:
      `put it in its place among the levels of "${name}" in data.columns, or list it under ` +
      "missingValues",
  });
}

/** Exact in double precision, so a division by one of them is rounded once, as parsing is. */
export const powersOf10 = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/**
 * The number written at `from` to `to` where it is a plain decimal of at most 15 digits; undefined
 * for any other text, number or not. Equals `Number(text)` to the bit.
 */
export function plainDecimal(bytes: Uint8Array, from: number, to: number): number | undefined {
  const negative = bytes[from] === 0x2d;
  let digits = 0;
  let count = 0;
  let point = -1;
  for (let at = negative ? from + 1 : from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + (byte - 0x30);
      count++;
    } else if (byte === 0x2e && point < 0) point = at;
    else return undefined;
  }
  if (count === 0 || count > 15) return undefined;
  const value = point < 0 ? digits : digits / powersOf10[to - point - 1]!;
  return negative ? -value : value;
}
