import { isNumberless, numberIn, truthOf } from "./cell.ts";
import { daysIn } from "./dates.ts";
import type { FoundColumn } from "./table.ts";

/** Numbers as people write them, which are none here: 1,5 and 1 234, 12 %, $5, (3), −2, 1.0D+03. */
const written = [
  /^[+-]?\d+,\d+(?:[eE][+-]?\d+)?$/,
  /^[+-]?\d{1,3}(?:[ ,.'_\u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?$/,
  /^[+-]?\d*[.,]?\d+\.?[dD][+-]?\d+$/,
];
const around = /^[-+]?\s*[$€£¥₹]\s*|\s*(?:[%‰$€£¥₹]|[A-Z]{3})$/g;

/**
 * What the cells of a column say it holds. Where most are numbers, those that are not are told as
 * `odd`: such a column is never taken for words in silence.
 */
export function columnKindOf(
  cells: readonly string[],
  missing: ReadonlySet<string>,
): Omit<FoundColumn, "name"> {
  const present = cells.filter((cell) => !missing.has(cell.trim()));
  const others = present.filter((cell) => numberIn(cell) === undefined);
  if (others.length === 0) return { kind: "number", ...doubtOf(present) };
  if (others.length === present.length && areDates(others)) return { kind: "text", date: true };
  const odd = others.filter((cell) => !isNumberless(cell));
  const numbers = present.length - others.length;
  const marks = odd.length < others.length ? { marked: true as const } : {};
  if (numbers === 0 && odd.length > 0 && odd.every((cell) => truthOf(cell) !== undefined))
    return { kind: "number", truth: true, inWords: true, ...marks };
  if (odd.length === 0) return numbers === 0 ? { kind: "text" } : { kind: "number", marked: true };
  const alike = odd.filter(isWritten).length;
  if (2 * (numbers + alike) <= present.length - (others.length - odd.length))
    return { kind: "text", ...measureIn(odd) };
  return { kind: "text", odd: { count: odd.length, of: present.length, first: odd[0]! } };
}

/** Rows that count by chance are fewer. */
const countedMin = 10;

/** What numbers may be besides quantities. */
function doubtOf(cells: readonly string[]): Pick<FoundColumn, "doubt"> {
  const isCode = cells.some((cell) => /^\s*0\d+\s*$/.test(cell));
  if (isCode) return { doubt: "has digits with leading zeros, as codes do" };
  const isNext = (cell: string, i: number) => i === 0 || Number(cell) === Number(cells[i - 1]) + 1;
  return cells.length >= countedMin && cells.every(isNext) ? { doubt: "counts the rows" } : {};
}

const month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
const clock = String.raw`\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[ap]m)?`;

/** Words that are a measure to people, though none that is read here. */
const measures = [
  ["holds times of day", new RegExp(`^${clock}$`, "i")],
  ["holds spans of time", new RegExp(`^[+-]?\\d+ days?(?:,? [+-]?${clock})?$`, "i")],
  ["holds spans of time", /^-?P(?=[\dT])(?:\d+[YMWD])*(?:T(?:\d+(?:\.\d+)?[HMS])+)?$/],
  [
    "holds dates in another form than 2024-01-31",
    new RegExp(
      String.raw`^(?:\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d\d)|\d{1,2}[ -]${month}[ -]\d{2,4}|` +
        String.raw`${month} \d{1,2},? \d{4})(?:[ T].*)?$`,
      "i",
    ),
  ],
] as const;

function measureIn(words: readonly string[]): Pick<FoundColumn, "doubt"> {
  const found = measures.find(([, form]) => words.every((word) => form.test(word.trim())));
  return found === undefined ? {} : { doubt: found[0] };
}

/** Whether all are dates, but for what says that one is missing. */
function areDates(cells: readonly string[]): boolean {
  const dates = cells.filter((cell) => !isNumberless(cell));
  return dates.length > 0 && dates.every((cell) => daysIn(cell) !== undefined);
}

/** Whether a cell is a number to people: of a unit, with a decimal comma, by thousands. */
function isWritten(cell: string): boolean {
  const plain = cell
    .trim()
    .replace(/^\((.+)\)$/, "-$1")
    .replace(/^[\u2212\u2013]/, "-")
    .replaceAll(around, "");
  return numberIn(plain) !== undefined || written.some((pattern) => pattern.test(plain));
}
