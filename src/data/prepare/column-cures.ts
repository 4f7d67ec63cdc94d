import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { type ColumnChoice, columnChoices } from "../columns.ts";
import type { FoundColumn, Input } from "../formats/table.ts";
import { knownLevels } from "../formats/twins.ts";
import type { DataOptions } from "../options.ts";
import type { ColumnProfile } from "../profile/column-tally.ts";
import { profileTable } from "../profile/table-profile.ts";
import type { Purpose } from "./feature-column.ts";

/** What a spec may say so that columns are not refused. */
interface Cures {
  readonly columns: ReadonlyMap<string, ColumnChoice>;
  /** Missing values are to be imputed. */
  readonly isImputed?: boolean;
}

/** What is wrong with a column, and what a spec may say so that it is not. */
interface Offence {
  readonly what: string;
  readonly cure?: ColumnChoice | "impute";
}

const hashed: ColumnChoice = { type: "hash", buckets: 256 };
const dropped: ColumnChoice = { type: "drop" };

/** What cures a column that a look at its file refused; null where no choice of columns does. */
export function cureOf(thrown: unknown, { isNameless, date }: FoundColumn): ColumnChoice | null {
  if (!(thrown instanceof RunError)) return null;
  if (thrown.code === "not-private")
    return isNameless === true ? dropped : date === true ? { type: "date" } : hashed;
  return ["odd-numbers", "bad-column"].includes(thrown.code) ? dropped : null;
}

/** The same refusal, its hint with the lines of a spec that cure it. */
export function withCures(error: RunError, cures: Cures, message = error.message): RunError {
  const { code, hint = "", kind } = error;
  const isCured = cures.columns.size > 0 || cures.isImputed === true;
  if (!isCured && message === error.message) return error;
  const cure = `${hint === "" ? "" : "; or "}in the spec: ${specLine(cures)}`;
  const said = isCured ? hint + cure : hint;
  return new RunError(code, message, { hint: said, kind, cause: error });
}

function specLine({ columns, isImputed = false }: Cures): string {
  const chosen = [...columns].map(([name, { type, ...options }]) => {
    const more = Object.entries(options).map(([key, value]) => `, ${key}: ${String(value)}`);
    const word = more.length === 0 ? type : `{ type: ${type}${more.join("")} }`;
    return `${keyText(name)}: ${word}`;
  });
  const parts = [
    ...(isImputed ? ["missing: impute"] : []),
    ...(chosen.length === 0 ? [] : [`columns: { ${chosen.join(", ")} }`]),
  ];
  return `data: { ${parts.join(", ")} }`;
}

/** A name as a key of YAML; quoted where it may be taken for something else. */
export function keyText(name: string): string {
  const isWord =
    /^[A-Za-z_]\w*$/.test(name) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(name);
  return isWord ? name : JSON.stringify(name);
}

const curable = ["odd-numbers", "bad-column", "bad-number", "missing-value", "unlisted-level"];
const curableCodes = new Set([...curable, "too-many-categories"]);
/** Larger files are not gone over once more for the other columns' sake. */
const fileBytesMax = 2 ** 30;

/**
 * Does `work`, which reads a training file. Where that refuses a column, the file is gone over to
 * its end, and all of its columns that a run refuses are named in one answer. A private run's
 * refusal stays as it is.
 */
export async function namingAll<T>(
  work: () => Promise<T>,
  input: Input,
  options: DataOptions,
  { task, isPrivate }: Purpose,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const isAlone = isPrivate || task === "ratings" || options.target === undefined;
    if (!(thrown instanceof RunError) || !curableCodes.has(thrown.code) || isAlone) throw thrown;
    if (input.isSparse || input.sizeBytes > fileBytesMax) throw thrown;
    throw await withOthers(thrown, input, options);
  }
}

async function withOthers(error: RunError, input: Input, options: DataOptions): Promise<RunError> {
  const profile = await profileTable(input, options).catch((thrown: unknown) => {
    // What reading alone refuses was said.
    if (thrown instanceof RunError) return null;
    throw thrown;
  });
  if (profile === null) return error;
  const choices = columnChoices(options);
  const columns = new Map<string, ColumnChoice>();
  const others: string[] = [];
  let isImputed = false;
  for (const [at, column] of profile.columns.entries()) {
    if (at === profile.targetAt) continue;
    const { name } = column.found;
    const offences = offencesOf(column, choices.get(name), options);
    for (const { cure } of offences) {
      if (cure === "impute") isImputed = true;
      else if (cure !== undefined) columns.set(name, cure);
    }
    const place = `column ${inQuotes(name)}`;
    if (offences.length > 0 && !error.message.includes(place))
      others.push(`${place}: ${offences.map(({ what }) => what).join(", ")}`);
  }
  return withCures(error, { columns, isImputed }, [error.message, ...others].join("; "));
}

/** What a run refuses of a column, by all of its cells. */
function offencesOf(
  column: ColumnProfile,
  choice: ColumnChoice | undefined,
  options: DataOptions,
): Offence[] {
  const { found, type, missing, rows, firstMissing } = column;
  const isDate = choice === undefined && found.date === true && options.dates !== "words";
  const isLeftOut = found.aside !== undefined || (isDate && options.dates === "drop");
  if (choice?.type === "drop" || (choice === undefined && isLeftOut)) return [];
  if (type === "opaque") return [{ what: `it holds ${found.opaque}`, cure: dropped }];
  const own = kindOffence(column, choice, options, isDate);
  if (missing === 0 || options.missing === "impute") return own;
  if (missing === rows) return [...own, { what: "every value is missing", cure: dropped }];
  const gaps = `${counted(missing, "value is", "values are")} missing`;
  const what = `${gaps}, the first in row ${firstMissing}`;
  return [...own, { what, cure: "impute" }];
}

function kindOffence(
  column: ColumnProfile,
  choice: ColumnChoice | undefined,
  options: DataOptions,
  isDate: boolean,
): Offence[] {
  const { found, type, odd, distinct, hasMore, values } = column;
  const fits = !hasMore && distinct <= options.categoriesMax;
  const asWords: ColumnChoice = fits ? { type: "category" } : hashed;
  if (choice?.type === "ordinal") {
    const levels = knownLevels(choice.levels);
    const isListed = (word: string) =>
      levels.ids.has(word) || !Number.isNaN(levels.find?.(word) ?? Number.NaN);
    const others = values.filter(({ value }) => !isListed(value));
    const some = others.slice(0, 3).map(({ value }) => inQuotes(value));
    return some.length === 0 ? [] : [{ what: `words without a place: ${some.join(", ")}` }];
  }
  if (choice?.type === "date" || isDate)
    return type === "date" || type === "nothing"
      ? []
      : [{ what: "some of its values are no dates", cure: fits ? asWords : dropped }];
  const isNumber = choice === undefined ? found.kind === "number" : choice.type === "number";
  const oddCells = odd ?? (found.odd && { text: found.odd.first, count: found.odd.count });
  if (oddCells !== undefined && oddCells !== null && (isNumber || choice === undefined))
    return [{ what: oddText(oddCells), cure: dropped }];
  if (isNumber)
    return type === "words" || type === "date"
      ? [{ what: "it holds words", cure: type === "date" ? { type: "date" } : asWords }]
      : [];
  const isCategory =
    choice?.type === "category" ? choice.levels === undefined : choice === undefined;
  if (!isCategory || fits) return [];
  const words = counted(distinct, "different word", "different words");
  const most = `${hasMore ? "over " : ""}${words}`;
  return [
    { what: `${most}, more than data.categoriesMax (${options.categoriesMax})`, cure: hashed },
  ];
}

function oddText({ text, count }: { readonly text: string; readonly count: number }): string {
  const cells = counted(count, "cell is no number", "cells are no numbers");
  return `${cells}, the first ${inQuotes(text)}`;
}

function counted(number: number, one: string, several: string): string {
  return `${number.toLocaleString("en-US")} ${number === 1 ? one : several}`;
}
