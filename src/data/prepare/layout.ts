import { allOrRefusal, RunError } from "../../core/errors.ts";
import { inQuotes, nearest } from "../../core/text.ts";
import {
  type Column,
  type FoundColumn,
  fixedLevels,
  type Layout,
  newLevels,
  skipped,
  type Table,
} from "../formats/table.ts";
import { sameLevels } from "../formats/twins.ts";
import type { DataOptions } from "../options.ts";
import { classLevels } from "./classes.ts";
import {
  levelsWouldShow,
  refuseOdd,
  refuseOpaque,
  refuseUnlessTwo,
  rowsWouldShow,
  unfit,
} from "./column-refusals.ts";

export type TargetKind = "regression" | "classification" | "ratings";

export const classesMax = 1_000;
/** Users, or items, of one data set. */
export const raterLevelsMax = 2_000_000;

/** What a training file is read for. */
export interface Purpose {
  readonly task: TargetKind;
  /** Nothing may be learned of the rows, or be refused by what one of them holds. */
  readonly isPrivate: boolean;
}

/** Which columns of a training file are read, and how. `file` is for messages. */
export function trainingLayout(options: DataOptions, purpose: Purpose, file: string): Layout {
  const { task, isPrivate } = purpose;
  return (fileColumns) => {
    if (options.features !== undefined)
      throw new RunError("bad-option", `data.features: ${options.features}: ${file} has columns`, {
        hint: "remove it: it is for LIBSVM, whose rows do not say how many features there are",
      });
    const target = targetIn(options, fileColumns, file);
    const stated = new Map(Object.entries(options.levels ?? {}));
    allOrRefusal([
      ...[...stated.keys()].map((name) => () => known(name, fileColumns, `data.levels in ${file}`)),
      ...options.drop.map((name) => () => known(name, fileColumns, `data.drop in ${file}`)),
      ...options.categorical.map(
        (name) => () => known(name, fileColumns, `data.categorical in ${file}`),
      ),
    ]);
    if (stated.has(target.name))
      throw new RunError("bad-option", `data.levels: ${inQuotes(target.name)} is the target`, {
        hint: "state the target's classes by data.classes",
      });
    const dropped = new Set(options.drop);
    const aside = new Set(asideOf(options, fileColumns).map((column) => column.name));
    const categorical = new Set(options.categorical);
    const keep = options.missing === "impute" ? "keep" : "refuse";
    const read = (column: FoundColumn): Column => {
      const { name } = column;
      if (column === target) return targetColumn(column, options, purpose, file);
      if (dropped.has(name)) return skipped(name);
      if (isPrivate && column.isNameless === true) throw rowsWouldShow(name, file);
      if (aside.has(name)) return skipped(name);
      refuseOpaque(column, file);
      if (task === "ratings") return rater(name);
      const own = stated.get(name);
      const levels = own === undefined ? newLevels(options.categoriesMax) : fixedLevels(own);
      const isStated = own !== undefined || categorical.has(name);
      if (!isStated && isDate(column, options, purpose)) {
        if (options.dates === "drop") return skipped(name);
        return { name, kind: "number", missing: keep, isTarget: false, date: true, levels };
      }
      const isText = isStated || column.kind === "text";
      if (isPrivate && isText && own === undefined) throw levelsWouldShow(name, file);
      if (!isStated) refuseOdd(column, file);
      const kind = isText ? "text" : "number";
      const truth = kind === "number" && column.truth === true ? { truth: true as const } : {};
      return { name, kind, missing: keep, isTarget: false, ...truth, levels };
    };
    const columns = allOrRefusal(fileColumns.map((column) => () => read(column)));
    if (task === "ratings") {
      if (stated.size > 0) throw unfit("data.levels", [...stated.keys()].join(", "), file);
      refuseUnlessTwo(columns, file);
    }
    if (columns.every((column) => column.kind === "skip" || column.isTarget))
      throw new RunError("no-features", `${file}: no column is left besides the target`, {
        hint: "check data.drop, data.delimiter and data.target",
      });
    return columns;
  };
}

/** Whether a column is read as dates, or left out as such; a private run states its columns. */
export function isDate(
  { date }: FoundColumn,
  { dates }: DataOptions,
  { task, isPrivate }: Purpose,
): boolean {
  return date === true && dates !== "words" && task !== "ratings" && !isPrivate;
}

/** Columns that nobody asked for, and that a look at the file says are no features. */
export function asideOf(options: DataOptions, fileColumns: readonly FoundColumn[]): FoundColumn[] {
  const { target, categorical, levels = {}, drop } = options;
  return fileColumns.filter(
    ({ name, aside }, index) =>
      aside !== undefined &&
      target !== name &&
      target !== index &&
      !(index === fileColumns.length - 1 && target === -1) &&
      !categorical.includes(name) &&
      !drop.includes(name) &&
      !Object.hasOwn(levels, name),
  );
}

/** Hears what a person should know of a file. */
export type Note = (text: string) => void;

/** Notes that are told later, where it comes to that. */
export function heldNotes(onNote: Note = () => undefined) {
  const held: string[] = [];
  return {
    hold: (text: string) => void held.push(text),
    tell() {
      for (const text of held) onNote(text);
    },
  };
}

/** Tells that a column is left out, where it is. */
export function tellAside({ name, aside }: FoundColumn, file: string, onNote: Note): void {
  if (aside === undefined) return;
  onNote(`${file}: column ${inQuotes(name)} is left out: ${aside}`);
}

/** Tells what a reader found worth telling of rows, once all were read. */
export function tellNotes({ notes }: Pick<Table, "notes">, file: string, onNote: Note): void {
  for (const note of notes?.() ?? []) onNote(`${file}: ${note}`);
}

/** The one column of a format whose rows are a label and features. */
export function labelLayout(options: DataOptions, purpose: Purpose, file: string): Layout {
  if (purpose.isPrivate && options.features === undefined)
    throw new RunError(
      "not-private",
      `data.features: nothing given, and the largest index in ${file} would show in the model`,
      { hint: "state how many features there are, as public knowledge has it" },
    );
  const stated = Object.keys(options.levels ?? {});
  if (stated.length > 0) throw unfit("data.levels", stated.join(", "), file);
  for (const key of ["drop", "categorical"] as const)
    if (options[key].length > 0) throw unfit(`data.${key}`, options[key].join(", "), file);
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
