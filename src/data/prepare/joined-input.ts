import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import { cellOf } from "../formats/cell.ts";
import { columnKindOf } from "../formats/column-kind.ts";
import {
  type Column,
  type DenseWindow,
  type FoundColumn,
  type Input,
  type Layout,
  skipped,
  type Table,
  type Window,
} from "../formats/table.ts";
import { sameLayout } from "./layout.ts";

/** A file of several that are one table, and what its folders say of all its rows. */
export interface InputPart {
  readonly input: Input;
  readonly partition: Readonly<Record<string, string>>;
}

/**
 * Files of the same columns as one table, their rows one after another. Folders such as
 * `year=2024` make a column each. Throws `RunError` where formats or columns differ.
 */
export function joinedInput(
  name: string,
  parts: readonly InputPart[],
  missingValues: readonly string[],
): Input {
  const [{ input: first }] = parts as [InputPart];
  refuseFormats(parts);
  const partition = partitionColumns(parts, missingValues);
  const missing = new Set(missingValues);
  return {
    name,
    format: first.format,
    isSparse: first.isSparse,
    sizeBytes: parts.reduce((sum, { input }) => sum + input.sizeBytes, 0),
    async identity() {
      const lines: string[] = [];
      for (const { input, partition } of parts)
        lines.push(`${await input.identity()} ${JSON.stringify(partition)}`);
      return lines.join("\n");
    },
    async hasIndexZero() {
      for (const { input } of parts) if ((await input.hasIndexZero?.()) === true) return true;
      return false;
    },
    async table(layout, onBytes, zeroBased) {
      let columns: readonly Column[] = [];
      const lead = await firstWithRows(parts);
      const withPartition: Layout = (found) => {
        refuseBoth(found, partition, name);
        columns = layout([...found, ...partition]);
        return columns.slice(0, found.length);
      };
      const table = await parts[lead]!.input.table(withPartition, onBytes, zeroBased);
      const tables = [table];
      const notes = () => [...new Set(tables.flatMap((one) => one.notes?.() ?? []))];
      return {
        columns,
        notes,
        async *windows() {
          for (const [i, { input, partition: values }] of parts.entries()) {
            const open = () => input.table(same(table, input), onBytes, zeroBased);
            const own = i === lead ? table : await unlessEmpty(open);
            if (own === null) continue;
            if (i !== lead) tables.push(own);
            yield* widened(own, { columns, values, missing, file: input.name });
          }
        },
      };
    },
  };
}

/** Larger files have rows. */
const emptyBytesMax = 65_536;

/**
 * The place of the first file that has a row: it says what columns hold. Spark writes files without
 * rows, for their columns' sake. The first where none has any.
 */
async function firstWithRows(parts: readonly InputPart[]): Promise<number> {
  for (const [i, { input }] of parts.entries()) {
    if (input.sizeBytes > emptyBytesMax) return i;
    let hasRows = false;
    const look: Layout = (found) => {
      hasRows = found.every(({ isUnseen }) => isUnseen !== true);
      return found.map(({ name }) => skipped(name));
    };
    const table = await unlessEmpty(() => input.table(look, () => undefined));
    if (table !== null && hasRows) return i;
  }
  return 0;
}

/** Null for a file of text without a row. */
async function unlessEmpty(open: () => Promise<Table>): Promise<Table | null> {
  try {
    return await open();
  } catch (thrown) {
    if (thrown instanceof RunError && thrown.code === "no-rows") return null;
    throw thrown;
  }
}

function refuseFormats(parts: readonly InputPart[]): void {
  const [{ input: first }] = parts as [InputPart];
  for (const { input } of parts)
    if (input.format !== first.format)
      throw new RunError(
        "bad-format",
        `${input.name}: it is ${input.format}, not ${first.format}`,
        {
          hint: `the files of a table are of one format, as ${first.name} is: choose by a pattern`,
        },
      );
}

/** A column for each name that folders have; what its values are is seen over all files. */
function partitionColumns(
  parts: readonly InputPart[],
  missingValues: readonly string[],
): FoundColumn[] {
  const missing = new Set(["", ...missingValues]);
  const [{ partition: first, input }] = parts as [InputPart];
  const names = Object.keys(first);
  for (const { input: other, partition } of parts)
    if (Object.keys(partition).join("/") !== names.join("/"))
      throw new RunError(
        "other-columns",
        `${other.name}: its folders say ${listOf(Object.keys(partition))}, those of ` +
          `${input.name} ${listOf(names)}`,
        { hint: "put all files of a table at the same depth, or name those that are meant" },
      );
  return names.map((name) => {
    const values = parts.map(({ partition }) => partition[name]!);
    return { name, ...columnKindOf(values, missing) };
  });
}

function refuseBoth(
  found: readonly FoundColumn[],
  partition: readonly FoundColumn[],
  file: string,
): void {
  const both = partition.find(({ name }) => found.some((column) => column.name === name));
  if (both === undefined) return;
  throw new RunError(
    "duplicate-column",
    `${file}: ${inQuotes(both.name)} is a column of the files and of their folders`,
    { hint: "rename the folders, or leave the column out of the files" },
  );
}

/** The layout of a later file, whose columns must be those of the first. */
function same(first: Table, { name }: Input): Layout {
  return (found) => {
    const [own, others] = [first.columns, found].map((columns) => columns.map((one) => one.name));
    const lost = own!.filter((column) => !others!.includes(column));
    const more = others!.filter((column) => !own!.includes(column));
    if (lost.length > 0 || more.length > 0)
      throw new RunError(
        "other-columns",
        `${name}: its columns are not those of the first file: it lacks ${listOf(lost)}, ` +
          `and has ${listOf(more)} besides`,
        { hint: "write all files of a table with the same columns" },
      );
    return sameLayout(first.columns, name)(found);
  };
}

interface Widening {
  readonly columns: readonly Column[];
  readonly values: Readonly<Record<string, string>>;
  readonly missing: ReadonlySet<string>;
  readonly file: string;
}

/** A file's windows with its cells in the first file's order, those of its folders behind. */
async function* widened(
  table: Table,
  { columns, values, missing, file }: Widening,
): AsyncGenerator<Window> {
  const own = table.columns.filter(({ kind }) => kind !== "skip").map(({ name }) => name);
  const all = columns.filter(({ kind }) => kind !== "skip");
  const places = all.map(({ name }) => own.indexOf(name));
  const fixed = all.map((column, i) => {
    if (places[i]! >= 0) return 0;
    const place = () => `${file}: folder ${column.name}=${values[column.name]}`;
    return cellOf(column, values[column.name]!, missing, place);
  });
  const isSame = own.length === all.length && places.every((place, i) => place === i);
  let cells = new Float64Array(0);
  for await (const window of table.windows()) {
    if (window.kind === "sparse" || isSame) {
      yield window;
      continue;
    }
    const { rows, width } = window;
    if (cells.length < rows * all.length) cells = new Float64Array(rows * all.length);
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < all.length; i++)
        cells[row * all.length + i] =
          places[i]! < 0 ? fixed[i]! : window.cells[row * width + places[i]!]!;
    yield { kind: "dense", rows, width: all.length, cells } satisfies DenseWindow;
  }
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.map(inQuotes).join(", ");
}
