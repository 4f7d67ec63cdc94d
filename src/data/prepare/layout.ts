import { allOrRefusal, RunError } from "../../core/errors.ts";
import { inQuotes, nearest } from "../../core/text.ts";
import { type ColumnChoice, columnChoices } from "../columns.ts";
import {
  type Column,
  type FoundColumn,
  type Layout,
  newLevels,
  skipped,
} from "../formats/table.ts";
import { sameLevels } from "../formats/twins.ts";
import type { DataOptions } from "../options.ts";
import { classLevels } from "./classes.ts";
import { cureOf, withCures } from "./column-cures.ts";
import { refuseAsRatings, refuseOpaque, rowsWouldShow, unfit } from "./column-refusals.ts";
import { featureColumn, type Purpose } from "./feature-column.ts";
import { isFeature } from "./job.ts";
import { refuseRoles, roleColumn, roleNames } from "./role-columns.ts";

export const classesMax = 1_000;
/** Users, or items, of one data set. */
export const raterLevelsMax = 2_000_000;

/** Which columns of a training file are read, and how. `file` is for messages. */
export function trainingLayout(options: DataOptions, purpose: Purpose, file: string): Layout {
  const { task, isPrivate } = purpose;
  return (fileColumns) => {
    if (options.features !== undefined)
      throw new RunError("bad-option", `data.features: ${options.features}: ${file} has columns`, {
        hint: "remove it: it is for LIBSVM, whose rows do not say how many features there are",
      });
    const target = targetIn(options, fileColumns, file);
    refuseRoles(options, isPrivate);
    refuseNames(options, target, fileColumns, file);
    const choices = columnChoices(options);
    const aside = new Set(asideOf(options, fileColumns).map((column) => column.name));
    const read = (column: FoundColumn): Column => {
      const { name } = column;
      const isTarget = column === target;
      const role = roleColumn(column, options, { isTarget, isRatings: task === "ratings", file });
      if (role !== null) return role;
      if (isTarget) return targetColumn(column, options, purpose, file);
      const choice = choices.get(name);
      if (choice?.type === "drop") return skipped(name);
      if (isPrivate && column.isNameless === true) throw rowsWouldShow(name, file);
      if (aside.has(name)) return skipped(name);
      refuseOpaque(column, file);
      return task === "ratings"
        ? rater(name)
        : featureColumn(column, choice, options, purpose, file);
    };
    const columns = isPrivate ? withOwnCures(fileColumns, read) : readAll(fileColumns, read);
    if (task === "ratings") refuseAsRatings(options, columns, file);
    if (!columns.some((column) => column.kind !== "skip" && isFeature(column)))
      throw new RunError("no-features", `${file}: no column is left besides the target`, {
        hint: "check data.drop, data.delimiter and data.target",
      });
    return columns;
  };
}

/** All columns, or one refusal of all that cannot be read. */
function readAll(
  fileColumns: readonly FoundColumn[],
  read: (column: FoundColumn) => Column,
): readonly Column[] {
  return allOrRefusal(fileColumns.map((column) => () => read(column)));
}

/** The same, with the lines of a spec that cure it: no row is looked at once more for them. */
function withOwnCures(...[fileColumns, read]: Parameters<typeof readAll>): readonly Column[] {
  const cures = new Map<string, ColumnChoice>();
  const readOne = (column: FoundColumn) => {
    try {
      return read(column);
    } catch (thrown) {
      const cure = cureOf(thrown, column);
      if (cure !== null) cures.set(column.name, cure);
      throw thrown;
    }
  };
  try {
    return readAll(fileColumns, readOne);
  } catch (thrown) {
    throw thrown instanceof RunError ? withCures(thrown, { columns: cures }) : thrown;
  }
}

/** Names of columns that there are not, and what is said of the target, or of one column twice. */
function refuseNames(
  options: DataOptions,
  target: FoundColumn,
  fileColumns: readonly FoundColumn[],
  file: string,
): void {
  const { drop, categorical, levels = {}, columns = {} } = options;
  const lists = { levels: Object.keys(levels), drop, categorical, columns: Object.keys(columns) };
  allOrRefusal([
    ...Object.entries(lists).flatMap(([option, names]) =>
      names.map((name) => () => known(name, fileColumns, `data.${option} in ${file}`)),
    ),
    ...[...roleNames(options)].map(
      ([name, option]) =>
        () =>
          known(name, fileColumns, `${option} in ${file}`),
    ),
  ]);
  for (const option of ["levels", "columns"] as const)
    if (lists[option].includes(target.name))
      throw new RunError("bad-option", `data.${option}: ${inQuotes(target.name)} is the target`, {
        hint: "state the target's classes by data.classes",
      });
  for (const option of ["drop", "categorical", "levels"] as const) {
    const twice = lists.columns.find((name) => lists[option].includes(name));
    if (twice !== undefined)
      throw new RunError(
        "bad-option",
        `data.columns: ${inQuotes(twice)} stands under data.${option} as well`,
        { hint: "say once what becomes of a column, by data.columns" },
      );
  }
}

/** Columns that nobody asked for, and that a look at the file says are no features. */
export function asideOf(options: DataOptions, fileColumns: readonly FoundColumn[]): FoundColumn[] {
  const { target } = options;
  const choices = columnChoices(options);
  return fileColumns.filter(
    ({ name, aside }, index) =>
      aside !== undefined &&
      target !== name &&
      target !== index &&
      !(index === fileColumns.length - 1 && target === -1) &&
      !choices.has(name),
  );
}

export function labelLayout(options: DataOptions, purpose: Purpose, file: string): Layout {
  refuseRoles(options, purpose.isPrivate);
  if (purpose.isPrivate && options.features === undefined)
    throw new RunError(
      "not-private",
      `data.features: nothing given, and the largest index in ${file} would show in the model`,
      { hint: "state how many features there are, as public knowledge has it" },
    );
  for (const key of ["levels", "columns"] as const) {
    const stated = Object.keys(options[key] ?? {});
    if (stated.length > 0) throw unfit(`data.${key}`, stated.join(", "), file);
  }
  for (const key of ["drop", "categorical"] as const)
    if (options[key].length > 0) throw unfit(`data.${key}`, options[key].join(", "), file);
  for (const [name, option] of roleNames(options)) throw unfit(option, name, file);
  if (options.target !== undefined) throw unfit("data.target", String(options.target), file);
  return (fileColumns) => fileColumns.map((column) => targetColumn(column, options, purpose, file));
}

/** The columns of another file of the same make: by name, read as those of the first were. */
export function sameLayout(first: readonly Column[], file: string): Layout {
  return (fileColumns) => {
    for (const column of first)
      if (column.kind !== "skip") known(column.name, fileColumns, `the columns of ${file}`);
    const byName = new Map(
      first.map((column) => [column.name, { ...column, levels: sameLevels(column.levels) }]),
    );
    return fileColumns.map(({ name }) => byName.get(name) ?? skipped(name));
  };
}

/** A user's or an item's column: any text names one. */
function rater(name: string): Column {
  const levels = newLevels(raterLevelsMax);
  return { name, kind: "text", missing: "refuse", isTarget: false, levels };
}

function targetIn(
  options: DataOptions,
  fileColumns: readonly FoundColumn[],
  file: string,
): FoundColumn {
  const target = options.target ?? ownTarget(options);
  if (target === undefined)
    throw new RunError("no-target", `data.target: nothing given, expected a column of ${file}`, {
      hint: `choose one of ${list(fileColumns)}`,
    });
  if (typeof target === "string") return known(target, fileColumns, `data.target in ${file}`);
  const column = fileColumns[target < 0 ? fileColumns.length + target : target];
  if (column !== undefined) return column;
  throw new RunError(
    "unknown-column",
    `data.target: index ${target}, expected 0 to ${fileColumns.length - 1} (or -1 for the last)`,
    { hint: `${file} has ${list(fileColumns)}` },
  );
}

/** The target's name where the data have one of their own. */
function ownTarget({ generate, targetSource }: DataOptions): string | undefined {
  if (generate !== undefined) return "y";
  return targetSource === undefined ? undefined : "target";
}

function targetColumn(
  { name, kind, inWords }: FoundColumn,
  { classes }: DataOptions,
  { task, isPrivate }: Purpose,
  file: string,
): Column {
  const levels = classes === undefined ? newLevels(classesMax) : classLevels(classes, !isPrivate);
  const read = { name, missing: "refuse", isTarget: true, levels } as const;
  if (task === "classification") return { ...read, kind: "text" };
  if (classes !== undefined)
    throw new RunError("bad-option", `data.classes: ${classes.join(", ")}: the target is numbers`, {
      hint: "remove it, or choose a problem that classifies, such as logistic",
    });
  if (kind === "text" || inWords === true)
    throw new RunError(
      "bad-target",
      `${file}: target ${inQuotes(name)} holds text, expected numbers for a regression`,
      { hint: "choose a column of numbers, or a problem that classifies, such as logistic" },
    );
  return { ...read, kind: "number" };
}

function known(name: string, fileColumns: readonly FoundColumn[], place: string): FoundColumn {
  const column = fileColumns.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  const names = fileColumns.map((candidate) => candidate.name);
  throw new RunError("unknown-column", `${place}: no column is called ${inQuotes(name)}`, {
    hint: `${nearest(name, names)}choose from ${list(fileColumns)}`,
  });
}

function list(fileColumns: readonly FoundColumn[]): string {
  const names = fileColumns.slice(0, 12).map((column) => column.name);
  return names.join(", ") + (fileColumns.length > 12 ? `, ... (${fileColumns.length} in all)` : "");
}
