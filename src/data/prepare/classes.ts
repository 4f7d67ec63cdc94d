import { RunError } from "../../core/errors.ts";
import { numberIn } from "../formats/cell.ts";
import { fixedLevels, type Levels } from "../formats/table.ts";
import { twinFinder } from "../formats/twins.ts";

/** The classes of a target: labels in order, and the class of each level as it was read. */
export interface Classes {
  readonly labels: readonly string[];
  readonly classOf: Float64Array;
}

/** Sorts labels: by value where all are numbers (so "1" and "1.0" are one), else by code unit. */
export function classesOf(levels: readonly string[]): Classes {
  const numbers = levels.map((level) => numberIn(level));
  const texts = numbers.every((number) => number !== undefined)
    ? numbers.map((number) => String(number === 0 ? 0 : number))
    : levels;
  const numeric = texts !== levels;
  const labels = [...new Set(texts)].sort((a, b) =>
    numeric ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0,
  );
  const order = new Map(labels.map((label, i) => [label, i]));
  return { labels, classOf: Float64Array.from(texts, (text) => order.get(text)!) };
}

/** Classes that a spec states: those, in that order, whatever the rows hold. */
export function statedClasses(labels: readonly string[]): Classes {
  return { labels, classOf: Float64Array.from(labels, (_, i) => i) };
}

/** Levels of a target whose classes are stated; "1.0" is "1" where all of them are numbers. */
export function classLevels(labels: readonly string[], isClosed: boolean): Levels {
  return { ...fixedLevels(labels), find: classFinder(labels), isClosed };
}

/** The class that each label stands for, NaN where it is none that was trained on. */
export function classFinder(labels: readonly string[]): (label: string) => number {
  const numeric = labels.every((label) => numberIn(label) !== undefined);
  const order = new Map(labels.map((label, i) => [numeric ? Number(label) : label, i]));
  const twin = twinFinder(labels);
  return (label) => order.get(numeric ? (numberIn(label) ?? Number.NaN) : label) ?? twin(label);
}

/** Refuses a target of which the training rows hold fewer than two classes. */
export function refuseOneClass(target: string, present: readonly string[]): void {
  if (present.length >= 2) return;
  const only = present.length === 0 ? "no class" : `one class (${JSON.stringify(present[0])})`;
  throw new RunError(
    "one-class",
    `target ${JSON.stringify(target)}: the training rows hold ${only}, expected two or more`,
    { hint: "check data.target, or give rows of every class" },
  );
}
