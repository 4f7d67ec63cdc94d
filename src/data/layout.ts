import { RunError } from "../core/errors.ts";
import { nearest } from "../core/nearest.ts";
import { shown } from "./cell.ts";
import type { DataOptions } from "./options.ts";
import { type Column, type FoundColumn, type Layout, newLevels, noLevels } from "./table.ts";

export type Task = "regression" | "classification";

export const classesMax = 1_000;

/** Which columns of a training file are read, and how. `file` is for messages. */
export function trainingLayout(options: DataOptions, task: Task, file: string): Layout {
  return (found) => {
    const target = targetIn(options, found, file);
    for (const name of options.drop) known(name, found, `data.drop in ${file}`);
    for (const name of options.categorical) known(name, found, `data.categorical in ${file}`);
    const dropped = new Set(options.drop);
    const categorical = new Set(options.categorical);
    const keep = options.missing === "impute" ? "keep" : "refuse";
    const columns = found.map((column): Column => {
      const { name } = column;
      if (column === target) return targetColumn(column, task, file);
      if (dropped.has(name)) return { name, kind: "skip", missing: "keep", levels: noLevels() };
      const kind = categorical.has(name) ? "text" : column.kind;
      return { name, kind, missing: keep, levels: newLevels(options.categoriesMax) };
    });
    if (columns.every((column) => column.kind === "skip" || column.name === target.name))
      throw new RunError("no-features", `${file}: no column is left besides the target`, {
        hint: "check data.drop, data.delimiter and data.target",
      });
    return columns;
  };
}

/** The columns of another file of the same make: by name, read as those of the first were. */
export function sameLayout(first: readonly Column[], file: string): Layout {
  return (found) => {
    for (const column of first)
      if (column.kind !== "skip") known(column.name, found, `the columns of ${file}`);
    const byName = new Map(first.map((column) => [column.name, column]));
    return found.map(
      ({ name }) => byName.get(name) ?? { name, kind: "skip", missing: "keep", levels: noLevels() },
    );
  };
}

/** The name of the target column. */
export function targetIn(
  options: Pick<DataOptions, "target">,
  found: readonly FoundColumn[],
  file: string,
): FoundColumn {
  const { target } = options;
  if (target === undefined)
    throw new RunError("no-target", `data.target: nothing given, expected a column of ${file}`, {
      hint: `choose one of ${list(found)}`,
    });
  if (typeof target === "string") return known(target, found, `data.target in ${file}`);
  const column = found[target < 0 ? found.length + target : target];
  if (column !== undefined) return column;
  throw new RunError(
    "unknown-column",
    `data.target: index ${target}, expected 0 to ${found.length - 1} (or -1 for the last)`,
    { hint: `${file} has ${list(found)}` },
  );
}

function targetColumn({ name, kind }: FoundColumn, task: Task, file: string): Column {
  const levels = newLevels(classesMax);
  if (task === "classification") return { name, kind: "text", missing: "refuse", levels };
  if (kind === "text")
    throw new RunError(
      "bad-target",
      `${file}: target ${shown(name)} holds text, expected numbers for a regression`,
      { hint: "choose a column of numbers, or a problem that classifies, such as logistic" },
    );
  return { name, kind: "number", missing: "refuse", levels };
}

function known(name: string, found: readonly FoundColumn[], place: string): FoundColumn {
  const column = found.find((candidate) => candidate.name === name);
  if (column !== undefined) return column;
  const names = found.map((candidate) => candidate.name);
  throw new RunError("unknown-column", `${place}: no column is called ${shown(name)}`, {
    hint: `${nearest(name, names)}choose from ${list(found)}`,
  });
}

function list(found: readonly FoundColumn[]): string {
  const names = found.slice(0, 12).map((column) => column.name);
  return names.join(", ") + (found.length > 12 ? `, ... (${found.length} in all)` : "");
}
