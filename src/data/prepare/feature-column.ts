import type { ColumnChoice } from "../columns.ts";
import { hashedLevels } from "../formats/hashed-words.ts";
import {
  type Column,
  type FoundColumn,
  fixedLevels,
  newLevels,
  skipped,
} from "../formats/table.ts";
import { knownLevels } from "../formats/twins.ts";
import type { DataOptions } from "../options.ts";
import { frequenciesWouldShow, levelsWouldShow, refuseOdd } from "./column-refusals.ts";

export type TargetKind = "regression" | "classification" | "ratings";

/** What a training file is read for. */
export interface Purpose {
  readonly task: TargetKind;
  /** Nothing may be learned of the rows, or be refused by what one of them holds. */
  readonly isPrivate: boolean;
}

/** Different words whose shares of rows a model keeps. */
const frequencyWordsMax = 200_000;

/** How a column that is a feature is read: as the spec says, else by what a look at it says. */
export function featureColumn(
  found: FoundColumn,
  choice: ColumnChoice | undefined,
  options: DataOptions,
  purpose: Purpose,
  file: string,
): Column {
  const { name } = found;
  const missing = options.missing === "impute" ? "keep" : "refuse";
  const number = { name, kind: "number", missing, isTarget: false, levels: newLevels(0) } as const;
  const text = { ...number, kind: "text" } as const;
  const truth = found.truth === true ? { truth: true as const } : {};
  switch (choice?.type) {
    case "drop":
      return skipped(name);
    case "number":
      return { ...number, ...truth };
    case "date":
      return { ...number, date: true };
    case "hash":
      return { ...text, levels: hashedLevels(choice.buckets) };
    case "ordinal":
      return { ...text, levels: { ...knownLevels(choice.levels), isClosed: true } };
    case "frequency":
      if (purpose.isPrivate) throw frequenciesWouldShow(name, file);
      return { ...text, levels: newLevels(frequencyWordsMax) };
    case "category": {
      const { levels: own } = choice;
      if (purpose.isPrivate && own === undefined) throw levelsWouldShow(name, file);
      return { ...text, levels: own ? fixedLevels(own) : newLevels(options.categoriesMax) };
    }
    case undefined:
      break;
  }
  if (isDate(found, options, purpose))
    return options.dates === "drop" ? skipped(name) : { ...number, date: true };
  if (found.kind === "text" && purpose.isPrivate) throw levelsWouldShow(name, file);
  refuseOdd(found, file);
  if (found.kind === "text") return { ...text, levels: newLevels(options.categoriesMax) };
  return { ...number, ...truth };
}

/** Whether a column is read as dates, or left out as such; a private run states its columns. */
export function isDate(
  { date }: FoundColumn,
  { dates }: DataOptions,
  { task, isPrivate }: Purpose,
): boolean {
  return date === true && dates !== "words" && task !== "ratings" && !isPrivate;
}
