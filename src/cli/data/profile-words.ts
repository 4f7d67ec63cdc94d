import { dateOf } from "../../data/formats/dates.ts";
import type { DataOptions } from "../../data/options.ts";
import type { ColumnProfile } from "../../data/profile/column-tally.ts";
import { useOf } from "../../data/profile/column-use.ts";
import type { SparseProfile, TableProfile } from "../../data/profile/table-profile.ts";
import { formatCount, formatNumber, formatPercent } from "../../report/format.ts";
import { plainType } from "../../run/propose-spec.ts";
import { facts, table } from "../table.ts";

/** A table of a file's columns: what each holds, and what becomes of it. */
export function columnsTable(profile: TableProfile, options: DataOptions): string {
  const rows = profile.columns.map((column, at) => {
    const { kind, why, features } = useOf(profile, at, options);
    const becomes = kind === "target" ? "target" : `${kind}: ${why}`;
    return [
      oneLine(column.found.name),
      plainType(column),
      column.missing === 0 ? "–" : formatCount(column.missing),
      `${column.hasMore ? "> " : ""}${formatCount(column.distinct)}`,
      rangeOf(column),
      features > 1 ? `${becomes}, a feature each` : becomes,
    ];
  });
  return table(["column", "holds", "missing", "distinct", "range", "becomes"], rows);
}

export function tableFacts({ file, format, rows, columns }: TableProfile): string {
  return facts([
    ["file", `${file} (${format})`],
    ["rows", formatCount(rows)],
    ["columns", formatCount(columns.length)],
  ]);
}

export function sparseFacts(profile: SparseProfile): string {
  const { file, format, rows, features, entries, label } = profile;
  const share = rows * features === 0 ? 0 : entries / (rows * features);
  return facts([
    ["file", `${file} (${format})`],
    ["rows", formatCount(rows)],
    ["features", `${formatCount(features)}, ${formatPercent(share)} of their values not zero`],
    ["labels", `${plainType(label)}, ${formatCount(label.distinct)} different: ${rangeOf(label)}`],
  ]);
}

/** A column as a JSON line. */
export function columnInWords(profile: TableProfile, at: number, options: DataOptions): object {
  const column = profile.columns[at]!;
  const { kind, why, features } = useOf(profile, at, options);
  const { type, missing, distinct, hasMore, least, greatest } = column;
  const isRange = ["integer", "number"].includes(type);
  return {
    type: "column",
    name: column.found.name,
    holds: type,
    missing,
    distinct,
    hasMore,
    ...(isRange ? { least, greatest } : {}),
    becomes: kind,
    why,
    features,
  };
}

/** From the least to the greatest, or the commonest words. */
function rangeOf(column: ColumnProfile): string {
  const { type, least, greatest, values, rows } = column;
  if (type === "nothing" || type === "opaque") return "–";
  if (type === "date") return `${dateOf(least)} to ${dateOf(greatest)}`;
  if (type === "integer" || type === "number") {
    return `${formatNumber(least)} to ${formatNumber(greatest)}`;
  }
  const first = values
    .slice(0, 2)
    .map(({ value, count }) => `${oneLine(value)} ${formatPercent(count / rows)}`);
  return `${first.join(", ")}${values.length > 2 ? ", ..." : ""}`;
}

/** Text from files must not break a table. */
function oneLine(text: string): string {
  const line = text.replace(/\p{Cc}+/gu, " ");
  return line.length <= 24 ? line : `${line.slice(0, 21)}...`;
}
