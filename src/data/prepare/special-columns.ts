import { inQuotes } from "../../core/text.ts";
import { columnChoices } from "../columns.ts";
import { type FoundColumn, type Input, type Layout, skipped } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import { isDate, type Purpose } from "./feature-column.ts";
import { asideOf } from "./layout.ts";
import { type Note, tellAside } from "./notes.ts";
import { isTime, roleNames } from "./role-columns.ts";

/**
 * Columns that once were read otherwise: content of that time must not be taken for this. Tells
 * which of them are left out, and which are read as dates; `onDoubt` hears of numbers that may be
 * none, which is worth saying of data that can be used alone.
 */
export async function specialColumns(
  input: Input,
  data: DataOptions,
  purpose: Purpose,
  onNote: Note = () => undefined,
  onDoubt: Note = onNote,
): Promise<readonly string[]> {
  if (input.isSparse || data.text !== undefined || data.generate !== undefined) return [];
  let fileColumns: readonly FoundColumn[] = [];
  const look: Layout = (columns) => {
    fileColumns = columns;
    return columns.map(({ name }) => skipped(name));
  };
  await input.table(look, () => undefined);
  const aside = asideOf(data, fileColumns);
  for (const column of aside) tellAside(column, input.name, onNote);
  const halves = fileColumns.filter(({ half }) => half === true);
  const truths = fileColumns.filter(({ inWords }) => inWords === true);
  const marked = fileColumns.filter((column) => column.marked === true);
  const dates = datesIn(fileColumns, data, purpose);
  const as = data.dates === "parts" ? "parts of dates" : "days since 1970-01-01";
  for (const name of dates)
    onNote(`${input.name}: column ${inQuotes(name)} is read as ${as} (data.dates)`);
  tellDoubts(fileColumns, data, purpose, (text) => onDoubt(`${input.name}: ${text}`));
  return [
    ...aside.map(({ name }) => `${name}: left out`),
    ...halves.map(({ name }) => `${name}: numbers of two bytes`),
    ...truths.map(({ name }) => `${name}: truth values in words`),
    ...marked.map(({ name }) => `${name}: numbers, some of them missing in words`),
    ...dates.map((name) => `${name}: dates as days`),
    ...(isCounted(input, data, fileColumns) ? ["the first line has names"] : []),
  ];
}

/** Numbers in the first line that count columns once were a row. */
function isCounted({ format }: Input, { header }: DataOptions, columns: readonly FoundColumn[]) {
  if (format !== "csv" || header !== "auto") return false;
  return columns.some(({ name }, i) => i > 0 && (name === String(i) || name === String(i - 1)));
}

/** Tells of columns that are read as what they may not be: the spec says what it wants then. */
function tellDoubts(
  columns: readonly FoundColumn[],
  options: DataOptions,
  { task, isPrivate }: Purpose,
  tell: Note,
): void {
  if (isPrivate || task === "ratings") return;
  const { target } = options;
  const said = new Set([target, ...columnChoices(options).keys(), ...roleNames(options).keys()]);
  for (const [i, { name, kind, doubt, aside }] of columns.entries()) {
    const isTarget = target === i || target === i - columns.length;
    if (doubt === undefined || aside !== undefined || isTarget || said.has(name)) continue;
    const isWords = kind === "text";
    const remedy = isWords
      ? `write ${/dates/.test(doubt) ? "such dates" : "numbers"}, name it under data.columns, or `
      : /codes/.test(doubt)
        ? "name it under data.categorical, or "
        : "";
    tell(
      `column ${inQuotes(name)} ${doubt}, and is read as ${isWords ? "words" : "numbers"}: ` +
        `${remedy}leave it out by data.drop`,
    );
  }
}

/** Columns that become days; neither the target, nor what the options say something else of. */
function datesIn(fileColumns: readonly FoundColumn[], data: DataOptions, purpose: Purpose) {
  const { target, dates } = data;
  if (dates === "drop") return [];
  const roles = [...roleNames(data).keys()].filter((name) => !isTime(name, data));
  const others = new Set([target, ...columnChoices(data).keys(), ...roles]);
  return fileColumns
    .filter((column, i) => {
      const isTarget = target === i || target === i - fileColumns.length;
      return !isTarget && !others.has(column.name) && isDate(column, data, purpose);
    })
    .map(({ name }) => name);
}
