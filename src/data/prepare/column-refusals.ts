import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Column, FoundColumn } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";

/** A private run's column of words whose levels nobody stated. */
export function levelsWouldShow(name: string, file: string): RunError {
  return new RunError(
    "not-private",
    `${file}: column ${inQuotes(name)} holds text, and every level of it, be it one record's, ` +
      "would stand in the model in clear",
    {
      hint:
        `state what is public by data.levels: { ${inQuotes(name)}: [...] }, where any other ` +
        "value is none of them, or leave the column out by data.drop",
    },
  );
}

/** A private run's column of words that would become their shares of all rows. */
export function frequenciesWouldShow(name: string, file: string): RunError {
  return new RunError(
    "not-private",
    `${file}: column ${inQuotes(name)}: how often each of its words stands in the rows would ` +
      "stand in the model in clear",
    { hint: "hash its words, which looks at no other row: { type: hash, buckets: 256 }" },
  );
}

/** A private run's first column without a name: whether it numbers rows is seen by rows alone. */
export function rowsWouldShow(name: string, file: string): RunError {
  return new RunError("not-private", `${file}: the first column has no name`, {
    hint: `leave it out by data.drop: [${name}], or give it a name in the file`,
  });
}

/** Taken for words, each number would become a feature of its own. */
export function refuseOdd({ name, odd }: FoundColumn, file: string): void {
  if (odd === undefined) return;
  const { count, of, first } = odd;
  throw new RunError(
    "odd-numbers",
    `${file}: column ${inQuotes(name)}: ${count} of the first ${of} values are not numbers as ` +
      `they are read here, the first ${inQuotes(first)}, though most are to people`,
    {
      hint:
        `write them like 1234.5, list what means a missing value under data.missingValues, name ` +
        `"${name}" under data.categorical to take all of it for words, or leave it out by ` +
        "data.drop",
    },
  );
}

/** Ratings are a user and an item besides the target, each of them words. */
export function refuseAsRatings(
  { levels = {}, columns: chosen = {} }: DataOptions,
  columns: readonly Column[],
  file: string,
): void {
  if (Object.keys(levels).length > 0)
    throw unfit("data.levels", Object.keys(levels).join(", "), file);
  const others = Object.keys(chosen).filter((name) => chosen[name]!.type !== "drop");
  if (others.length > 0) throw unfit("data.columns", others.join(", "), file);
  const sides = columns.filter(
    ({ kind, isTarget, notFeature }) => kind !== "skip" && !isTarget && notFeature !== true,
  );
  if (sides.length === 2) return;
  throw new RunError(
    "bad-ratings",
    `${file}: ${sides.length} columns are left besides the target ` +
      `(${sides.map(({ name }) => inQuotes(name)).join(", ")}), expected two: user and item`,
    { hint: "leave the others out by data.drop" },
  );
}

/** An option about columns, for data that have none. */
export function unfit(option: string, value: string, file: string): RunError {
  return new RunError("bad-option", `${option}: ${value}, but ${file} has no such columns`, {
    hint: "remove the option: LIBSVM rows are a label and features, ratings a user and an item",
  });
}

/** Lists, mappings, bytes and times of day are no features. */
export function refuseOpaque({ name, opaque }: FoundColumn, file: string): void {
  if (opaque === undefined) return;
  throw new RunError("bad-column", `${file}: column ${inQuotes(name)} holds ${opaque}`, {
    hint: `leave it out by data.drop: [${name}], or turn it into numbers or text`,
  });
}
