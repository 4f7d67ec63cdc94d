import { inQuotes } from "../../core/text.ts";
import { type ColumnChoice, columnChoices } from "../columns.ts";
import { datePartNames, dayParts } from "../date-parts.ts";
import { knownLevels } from "../formats/twins.ts";
import type { DataOptions } from "../options.ts";
import type { ColumnProfile } from "./column-tally.ts";
import type { TableProfile } from "./table-profile.ts";

/** What a run makes of a column. */
export interface ColumnUse {
  readonly kind:
    | ("target" | "number" | "date" | "category" | "left out")
    | ("ordinal" | "hash" | "frequency");
  /** In words: of what it becomes, or why nothing. */
  readonly why: string;
  /** How many features it becomes. */
  readonly features: number;
  /** The data option that must name it, where the reader alone would do otherwise. */
  readonly option?: "drop" | "categorical";
  /** Of too many words for a feature each: hashed, or as their shares, they would be some. */
  readonly isMany?: true;
}

/** A key is told by its name where its values do not show it. */
const keyName = /(?:^|[\s_.-])(?:id|ids|key|uuid|guid|nr)$/i;
const keyNameInCamels = /[a-z](?:Id|ID|Key|Nr)$/;
/** Fewer rows than this may differ by chance. */
export const uniqueRowsMin = 10;

/** What becomes of a column, by all that its file holds and the options that are given. */
export function useOf(profile: TableProfile, at: number, options: DataOptions): ColumnUse {
  const column = profile.columns[at]!;
  const { name } = column.found;
  if (at === profile.targetAt) return { kind: "target", why: "target", features: 0 };
  const choice = columnChoices(options).get(name);
  if (choice !== undefined) return chosenUse(column, choice, options);
  const { aside } = column.found;
  if (aside !== undefined) return leftOut(aside);
  const reason = reasonToDrop(column);
  if (reason !== null) return { ...leftOut(reason), option: "drop" };
  if (column.type === "date") return asDate(column, options);
  if (column.codes > 0 && column.type === "integer")
    return fits(column, options)
      ? { ...asCategory(column, options), why: `${wordsOf(column)} with leading zeros` }
      : { ...tooMany(column, options), why: `${manyOf(column, options)}, with leading zeros` };
  if (column.type === "words" || (column.type === "truth" && column.found.kind === "text"))
    return fits(column, options)
      ? forReader(column, asCategory(column, options))
      : tooMany(column, options);
  const scaled = options.standardize ? "scaled" : "as it is";
  return { kind: "number", why: column.type === "truth" ? "1 or 0" : scaled, features: 1 };
}

/** What a spec says a column becomes, be it what a look at it says or not. */
function chosenUse(column: ColumnProfile, choice: ColumnChoice, options: DataOptions): ColumnUse {
  const { name } = column.found;
  const by = Object.hasOwn(options.columns ?? {}, name) ? "data.columns" : "data.drop";
  switch (choice.type) {
    case "drop":
      return leftOut(by);
    case "number":
      return { kind: "number", why: options.standardize ? "scaled" : "as it is", features: 1 };
    case "date":
      return asDate(column, options, choice);
    case "ordinal":
      return { kind: "ordinal", why: placesIn(column, choice.levels), features: 1 };
    case "hash": {
      const { buckets } = choice;
      return { kind: "hash", why: `${wordsOf(column)} in ${buckets} buckets`, features: buckets };
    }
    case "frequency":
      return { kind: "frequency", why: `${wordsOf(column)}, their shares of rows`, features: 1 };
    case "category": {
      const { levels } = choice;
      if (levels === undefined) return asCategory(column, options);
      const why = options.levels?.[name] === levels ? "data.levels" : "data.columns";
      return { kind: "category", why, features: levels.length };
    }
  }
}

/** The order that is stated, and how many words have no place in it. */
function placesIn({ values }: ColumnProfile, levels: readonly string[]): string {
  const { ids, find } = knownLevels(levels);
  const isListed = (word: string) => ids.has(word) || !Number.isNaN(find!(word));
  const others = values.filter(({ value }) => !isListed(value)).length;
  const [first, last] = [levels[0]!, levels.at(-1)!];
  const order = `${levels.length} places from ${first} to ${last}`;
  return others === 0 ? order : `${order}, and ${others} words without one`;
}

/** Why a column tells nothing that holds for other rows; null where it may. */
function reasonToDrop(column: ColumnProfile): string | null {
  const { type, distinct, hasMore, missing, odd, isUnique, rows, countsRows } = column;
  if (type === "opaque") return `it holds ${column.found.opaque}`;
  if (type === "nothing") return "every value is missing";
  if (distinct === 1 && !hasMore) return missing === 0 ? "one value in every row" : "one value";
  const readerOdd = column.found.odd;
  if (odd !== null || readerOdd !== undefined) {
    const first = odd === null ? readerOdd!.first : odd.text;
    const count = odd === null ? readerOdd!.count : odd.count;
    return `${count} cells among numbers are none, the first ${inQuotes(first)}`;
  }
  const isMany = rows >= uniqueRowsMin;
  if (isUnique && isMany && type === "words") return "another text in each row";
  if (type !== "integer") return null;
  if (countsRows && isMany) return "it counts the rows";
  if (!isKey(column.found.name)) return null;
  if (isUnique && isMany) return "a key: another whole number in each row";
  return hasMore || distinct > 100 ? "a key by its name: its numbers measure nothing" : null;
}

export function isKey(name: string): boolean {
  return keyName.test(name) || keyNameInCamels.test(name);
}

function asDate(
  column: ColumnProfile,
  { dates }: DataOptions,
  choice: Extract<ColumnChoice, { type: "date" }> | null = null,
): ColumnUse {
  const { found, distinct, isTimed } = column;
  if (choice === null && dates === "drop") return leftOut("data.dates: drop");
  if (choice === null && found.date !== true)
    return { ...leftOut("dates among other words in its first rows"), option: "drop" };
  if (choice === null && dates === "words")
    return { kind: "category", why: "words", features: distinct };
  if ((choice?.as ?? dates) !== "parts")
    return { kind: "date", why: "days since 1970-01-01", features: 1 };
  const parts = (choice?.times ?? isTimed) ? datePartNames : dayParts;
  return { kind: "date", why: `parts: ${parts.join(", ")}`, features: parts.length };
}

function asCategory(column: ColumnProfile, options: DataOptions): ColumnUse {
  const isNamed = columnChoices(options).has(column.found.name);
  const use = { kind: "category", why: wordsOf(column), features: column.distinct } as const;
  return isNamed || column.found.kind === "text" ? use : { ...use, option: "categorical" };
}

/** Words that come after more rows of numbers than a look at the file goes through. */
function forReader({ found }: ColumnProfile, use: ColumnUse): ColumnUse {
  return found.kind === "text" && found.date !== true ? use : { ...use, option: "categorical" };
}

function fits({ distinct, hasMore }: ColumnProfile, { categoriesMax }: DataOptions): boolean {
  return !hasMore && distinct <= categoriesMax;
}

function wordsOf({ distinct, type }: ColumnProfile): string {
  return type === "integer" ? `${distinct} codes` : `${distinct} words`;
}

function manyOf(
  { distinct, hasMore, type }: ColumnProfile,
  { categoriesMax }: DataOptions,
): string {
  const count = `${hasMore ? "over " : ""}${distinct.toLocaleString("en-US")}`;
  const what = type === "integer" ? "codes" : "words";
  return `${count} ${what}, more than data.categoriesMax (${categoriesMax})`;
}

function tooMany(column: ColumnProfile, options: DataOptions): ColumnUse {
  return { ...leftOut(manyOf(column, options)), option: "drop", isMany: true };
}

function leftOut(why: string): ColumnUse {
  return { kind: "left out", why, features: 0 };
}
