import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { columnChoices } from "../columns.ts";
import { type Column, type FoundColumn, newLevels } from "../formats/table.ts";
import { heldOutOf } from "../held-out.ts";
import type { DataOptions } from "../options.ts";
import { refuseOdd, refuseOpaque } from "./column-refusals.ts";

/** Groups of one data set. */
const groupsMax = 2_000_000;

/** Columns that have another role than that of a feature, by name: what they are read for. */
export function roleNames(options: DataOptions): ReadonlyMap<string, string> {
  const { column } = heldOutOf(options);
  const names = new Map(column === null ? [] : [[column, "data.test.column"]]);
  if (options.weights !== undefined) names.set(options.weights, "data.weights");
  return names;
}

/** Whether a column tells what is later, and may be a feature besides. */
export function isTime(name: string, options: DataOptions): boolean {
  const { by, column } = heldOutOf(options);
  return by === "time" && column === name;
}

/** What a private run may not do, as it would hang on other rows than a row's own. */
export function refuseRoles(options: DataOptions, isPrivate: boolean): void {
  if (!isPrivate) return;
  const { by, share } = heldOutOf(options);
  const { weights, classWeights } = options;
  if (weights !== undefined || classWeights !== undefined)
    throw new RunError(
      "not-private",
      `data.${weights === undefined ? "classWeights" : "weights"}: what a row counts hangs on all`,
      { hint: "leave it out: in private runs every record counts once" },
    );
  if (by === "groups" || by === "time")
    throw new RunError(
      "not-private",
      `data.test.by: ${by}: one record more or less would change which of the others are tested on`,
      { hint: `give the share alone, as in data.test: ${share}, or a file of test rows` },
    );
}

/**
 * How a column is read that test rows are chosen by, or that weighs rows; null for any other. That
 * of times is a feature unless it is dropped; others are none.
 */
export function roleColumn(
  found: FoundColumn,
  options: DataOptions,
  { isTarget, isRatings, file }: { isTarget: boolean; isRatings: boolean; file: string },
): Column | null {
  const { by, column } = heldOutOf(options);
  const { name } = found;
  if (name === options.weights) {
    refuseWeights(found, { isTarget, isRatings, isSplit: name === column, file });
    return weighing(name);
  }
  if (name !== column) return null;
  const refuse = (what: string, hint: string) =>
    new RunError("bad-option", `data.test.column: ${inQuotes(name)} ${what}`, { hint });
  if (isTarget) throw refuse("is the target", "for shares of classes: by: stratified");
  refuseOpaque(found, file);
  const read = { name, missing: "refuse", isTarget: false, notFeature: true } as const;
  if (by === "groups") {
    if (isRatings)
      throw refuse(
        "would keep all ratings of a user or an item for testing, who then are not known",
        "choose by: time, or give the share alone",
      );
    return { ...read, kind: "text", levels: newLevels(groupsMax) };
  }
  refuseOdd(found, file);
  const { dates } = options;
  const choice = columnChoices(options).get(name)?.type;
  const isDate = found.date === true;
  if (!isDate && found.kind === "text")
    throw refuse(`of ${file} holds words`, "name a column of dates or of numbers");
  const time = { ...read, kind: "number", levels: newLevels(0) } as const;
  const own = isDate ? { ...time, date: true as const } : time;
  const isLeftOut = choice === "drop" || found.aside !== undefined || isRatings;
  if (isLeftOut || (isDate && dates === "drop")) return own;
  const isNumber = choice === undefined || choice === "number" || choice === "date";
  if (!isNumber || (isDate && choice === undefined && dates === "words"))
    throw refuse(
      "is to be read as words, which tell nothing of what is later",
      `leave it out of the features by data.drop: [${name}], or read it as it is`,
    );
  const { notFeature: _, ...feature } = own;
  return found.truth === true ? { ...feature, truth: true } : feature;
}

function weighing(name: string): Column {
  const levels = newLevels(0);
  return { name, kind: "number", missing: "refuse", isTarget: false, notFeature: true, levels };
}

function refuseWeights(
  found: FoundColumn,
  of: { isTarget: boolean; isRatings: boolean; isSplit: boolean; file: string },
): void {
  const refuse = (what: string, hint: string) =>
    new RunError("bad-option", `data.weights: ${inQuotes(found.name)} ${what}`, { hint });
  if (of.isTarget) throw refuse("is the target", "name another column");
  if (of.isSplit) throw refuse("is data.test.column", "name another column for one of them");
  if (of.isRatings) throw refuse("would weigh ratings, which all count once", "leave it out");
  refuseOpaque(found, of.file);
  refuseOdd(found, of.file);
  if (found.kind === "text" || found.date === true)
    throw refuse(
      `of ${of.file} holds ${found.date === true ? "dates" : "words"}`,
      "name a column of numbers, 0 or more",
    );
}
