import { RunError } from "../../core/errors.ts";
import { inQuotes, nearest } from "../../core/text.ts";
import type { DenseWindow, FoundColumn, Input, Layout, SparseWindow } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import { type ColumnProfile, ColumnTally } from "./column-tally.ts";
import { TargetLinks } from "./target-links.ts";

/** Different values that are counted: of one column, and of all columns together. */
const distinctMax = 50_000;
const distinctOfAllMax = 2_000_000;

/** Names that people give to what is to be predicted, the plainest first. */
const targetNames = ["target", "label", "class", "outcome", "y"];

/** What a file of columns holds. */
export interface TableProfile {
  readonly file: string;
  readonly format: string;
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
  /** The place of the column to predict, and whether somebody named it. */
  readonly targetAt: number;
  readonly isTargetNamed: boolean;
  /** Of each column: why it looks like the target under another name. */
  suspicion(column: number, isClasses: boolean): string | null;
}

/** What a file of labels and sparse features holds. */
export interface SparseProfile {
  readonly file: string;
  readonly format: string;
  readonly rows: number;
  readonly features: number;
  readonly entries: number;
  readonly label: ColumnProfile;
}

/** Goes over all rows of a file of columns once, memory bounded. Throws what a run would throw. */
export async function profileTable(
  input: Input,
  options: DataOptions,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<TableProfile> {
  const missing = new Set(options.missingValues);
  let tallies: readonly ColumnTally[] = [];
  let targetAt = -1;
  const layout: Layout = (found) => {
    targetAt = targetIn(found, options, input.name);
    const each = Math.min(distinctMax, Math.ceil(distinctOfAllMax / found.length));
    tallies = found.map((column) => new ColumnTally(column, missing, Math.max(2, each)));
    return tallies.map((tally) => tally.column());
  };
  const table = await input.table(layout, onBytes);
  const read = [...table.columns.keys()].filter((i) => table.columns[i]!.kind !== "skip");
  const links = new TargetLinks(read.length, read.indexOf(targetAt));
  for await (const window of table.windows()) links.add(window as DenseWindow);
  const columns = tallies.map((tally) => tally.profile());
  const isOrdered = (at: number) => ["integer", "number", "date"].includes(columns[at]!.type);
  return {
    file: input.name,
    format: input.format,
    rows: Math.max(...columns.map(({ rows }) => rows)),
    columns,
    targetAt,
    isTargetNamed: options.target !== undefined,
    suspicion(column, isClasses) {
      const at = read.indexOf(column);
      return at < 0 ? null : links.suspicion(at, isClasses, isOrdered(column));
    },
  };
}

/** Goes over all rows of a LIBSVM file once. */
export async function profileSparse(input: Input): Promise<SparseProfile> {
  const tally = new ColumnTally({ name: "label", kind: "number" }, new Set(), distinctMax);
  const table = await input.table(
    () => [tally.column()],
    () => undefined,
  );
  let [rows, features, entries] = [0, 0, 0];
  for await (const each of table.windows()) {
    const window = each as SparseWindow;
    const { indices } = window;
    rows += window.rows;
    const end = window.offsets[window.rows]!;
    entries += end;
    for (let at = 0; at < end; at++) if (indices[at]! >= features) features = indices[at]! + 1;
  }
  return {
    ...{ file: input.name, format: input.format, rows, features, entries },
    label: tally.profile(),
  };
}

/** The column that is named, else one that is called like a target, else the last. */
function targetIn(found: readonly FoundColumn[], { target }: DataOptions, file: string): number {
  if (typeof target === "number") {
    const at = target < 0 ? found.length + target : target;
    if (found[at] !== undefined) return at;
  } else if (target !== undefined) {
    const at = found.findIndex(({ name }) => name === target);
    if (at >= 0) return at;
  } else {
    for (const usual of targetNames) {
      const at = found.findIndex(({ name }) => name.toLowerCase() === usual);
      if (at >= 0) return at;
    }
    return found.length - 1;
  }
  const names = found.map(({ name }) => name);
  const some = names.slice(0, 12).join(", ") + (names.length > 12 ? ", ..." : "");
  throw new RunError(
    "unknown-column",
    `target in ${file}: no column is called ${inQuotes(String(target))}`,
    { hint: `${nearest(String(target), names)}choose from ${some}` },
  );
}
