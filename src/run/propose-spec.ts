import { RunError } from "../core/errors.ts";
import { inQuotes } from "../core/text.ts";
import type { DataOptions } from "../data/options.ts";
import { keyText } from "../data/prepare/column-cures.ts";
import type { ColumnProfile } from "../data/profile/column-tally.ts";
import { type ColumnUse, useOf } from "../data/profile/column-use.ts";
import type { SparseProfile, TableProfile } from "../data/profile/table-profile.ts";

/** A spec that somebody may run as it is, and why it is so. */
export interface ProposedSpec {
  readonly spec: Readonly<Record<string, unknown>>;
  /** By the path of a value: what a person should know of it. */
  readonly remarks: ReadonlyMap<string, string>;
  /** What looks wrong, though it is left as it is. */
  readonly warnings: readonly string[];
}

type ProblemName = "logistic" | "softmax" | "ridge";

/** Whole numbers of so few values are classes, as labels of libraries are. */
const classesOfNumbersMax = 20;
/** Classes that a problem tells apart. */
const classesMax = 1_000;
const testShare = 0.2;

/** A spec for a file of columns; `data` are the options that it was read with. */
export function proposeSpec(
  profile: TableProfile,
  options: DataOptions,
  data: Readonly<Record<string, unknown>>,
): ProposedSpec {
  const target = profile.columns[profile.targetAt]!;
  const { name } = target.found;
  refuseMissing(target, profile.file);
  const { problem, why } = problemFor(target, profile.file);
  const isClasses = problem !== "ridge";
  const uses = profile.columns.map((_, at) => useOf(profile, at, options));
  const named = (option: ColumnUse["option"]) =>
    [...uses.keys()].filter((at) => uses[at]!.option === option);
  const nameOf = (at: number) => profile.columns[at]!.found.name;
  const [drop, categorical] = [named("drop"), named("categorical")];
  const gaps = [...uses.keys()].filter(
    (at) => uses[at]!.features > 0 && profile.columns[at]!.missing > 0,
  );
  const by = profile.isTargetNamed ? "" : "; nobody named it: --target NAME takes another";
  const remarks = new Map([
    ["problem", why],
    ["data.target", `${plainType(target)}${by}`],
    ...(isClasses ? [["data.stratify", "of every class"] as const] : []),
    ...(gaps.length === 0 ? [] : [["data.missing", `in ${listOf(gaps.map(nameOf))}`] as const]),
    ...drop.map((at, i) => [`data.drop.${i}`, uses[at]!.why] as const),
    ...categorical.map((at, i) => [`data.categorical.${i}`, uses[at]!.why] as const),
    ...offerOf(drop.filter((at) => uses[at]!.isMany === true).map(nameOf)),
    ...autoRemarks,
  ]);
  const own = asStrings(data.drop);
  const ownCategorical = asStrings(data.categorical);
  const spec = {
    problem: { type: problem },
    data: {
      ...data,
      target: data.target ?? name,
      test: data.test ?? testShare,
      ...(isClasses && data.test === undefined ? { stratify: true } : {}),
      ...(gaps.length === 0 || data.missing !== undefined ? {} : { missing: "impute" }),
      ...listed("drop", [...drop.map(nameOf), ...own]),
      ...listed("categorical", [...categorical.map(nameOf), ...ownCategorical]),
    },
    ...auto,
  };
  const warnings = [...uses.keys()].flatMap((at) => {
    const reason = uses[at]!.features > 0 ? profile.suspicion(at, isClasses) : null;
    return reason === null ? [] : [leakWarning(nameOf(at), name, reason)];
  });
  return { spec, remarks, warnings };
}

/** The same for a LIBSVM file. */
export function proposeSparseSpec(
  profile: SparseProfile,
  data: Readonly<Record<string, unknown>>,
): ProposedSpec {
  const { problem, why } = problemFor(profile.label, profile.file);
  const isClasses = problem !== "ridge";
  const spec = {
    problem: { type: problem },
    data: {
      ...data,
      test: data.test ?? testShare,
      ...(isClasses && data.test === undefined ? { stratify: true } : {}),
    },
    ...auto,
  };
  const remarks = new Map([["problem", why], ...autoRemarks]);
  return { spec, remarks, warnings: [] };
}

const auto = { strategy: { type: "rounds", exact: true }, workers: "auto", wait: "auto" };
const autoRemarks: readonly (readonly [string, string])[] = [
  ["strategy", "ends at the optimum itself, though most rounds go on without the slowest"],
  ["workers", "the planner chooses, by kofn plan"],
];

/** What is minimised, by what the target's cells are. */
function problemFor(
  target: ColumnProfile,
  file: string,
): { readonly problem: ProblemName; readonly why: string } {
  const { type, distinct, hasMore, values, rows } = target;
  const { name } = target.found;
  const refuse = (what: string, hint: string) =>
    new RunError("bad-target", `${file}: target ${inQuotes(name)} ${what}`, { hint });
  if (type === "opaque" || type === "nothing" || type === "date")
    throw refuse(`is no number and no class: ${plainType(target)}`, "name another by --target");
  if (distinct < 2)
    throw refuse("has the same value in every row", "name another column by --target");
  const areNumbers = type === "number" || type === "integer";
  if (areNumbers && (type === "number" || hasMore || distinct > classesOfNumbersMax)) {
    if (distinct > 2) return { problem: "ridge", why: `${inQuotes(name)} is a number` };
  }
  if (hasMore || distinct > classesMax)
    throw refuse(
      `holds ${distinct.toLocaleString("en-US")} different words or more`,
      "name a column of numbers, or of fewer classes, by --target",
    );
  const shares = values
    .slice(0, 3)
    .map(({ value, count }) => `${inQuotes(value)} ${percent(count / rows)}`)
    .join(", ");
  const more = distinct > 3 ? ", ..." : "";
  const asNumbers = areNumbers && distinct > 2 ? "; for a number: ridge" : "";
  const problem = distinct === 2 ? "logistic" : "softmax";
  return {
    problem,
    why: `${inQuotes(name)} has ${distinct} classes: ${shares}${more}${asNumbers}`,
  };
}

/** Lines of a spec that keep columns of too many words, for whoever takes them out of drop. */
function offerOf(names: readonly string[]): (readonly [string, string])[] {
  if (names.length === 0) return [];
  const lines = names.map((name) => `  ${keyText(name)}: { type: hash, buckets: 256 }`);
  const said = [
    "too many words for a feature each; to keep such a column, take it out of drop and say:",
    "columns:",
    ...lines,
    "or frequency instead of { ... }: one feature, the word's share of the rows",
  ];
  return [["data", said.join("\n ")]];
}

/** The target is never imputed. */
function refuseMissing({ missing, firstMissing, found }: ColumnProfile, file: string): void {
  if (missing === 0) return;
  throw new RunError(
    "missing-value",
    `${file}: target ${inQuotes(found.name)} is missing in ${missing} rows, ` +
      `the first of them row ${firstMissing}`,
    { hint: "remove those rows, or name another column by --target" },
  );
}

function leakWarning(column: string, target: string, reason: string): string {
  return (
    `column ${inQuotes(column)} alone tells ${inQuotes(target)}: ${reason}; where it is known ` +
    "only afterwards, leave it out by data.drop"
  );
}

const typeNames = {
  nothing: "nothing",
  truth: "true or false",
  integer: "whole numbers",
  number: "numbers",
  date: "dates",
  words: "words",
  opaque: "other values",
} as const;

/** What a column's cells are, to people. */
export function plainType({ type, found }: ColumnProfile): string {
  return found.opaque ?? typeNames[type];
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}

function listOf(names: readonly string[]): string {
  const some = names.slice(0, 5).map(inQuotes).join(", ");
  return names.length > 5 ? `${some}, ... (${names.length} columns)` : some;
}

function listed(option: string, names: readonly string[]): object {
  return names.length === 0 ? {} : { [option]: [...new Set(names)] };
}

function asStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
