import { type AsyncBuffer, parquetMetadataAsync, parquetSchema } from "hyparquet";
import { messageOf, RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Source } from "../sources/source.ts";
import { spooledWindows } from "./column-spool.ts";
import {
  type Mend,
  mendsIn,
  type ParquetColumns,
  parquetColumns,
  type RowRange,
} from "./parquet-columns.ts";
import {
  type Column,
  type DenseWindow,
  type FoundColumn,
  type Layout,
  rowCapacity,
  type Table,
} from "./table.ts";
import { typedCell } from "./typed-cell.ts";
import { indexColumns, notedOpaque } from "./writer-notes.ts";

type Metadata = Awaited<ReturnType<typeof parquetMetadataAsync>>;
type Element = ReturnType<typeof parquetSchema>["element"];

/** The decoder is given up when it says nothing for so long. */
const stallMsDefault = 60_000;

const numeric = new Set(["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"]);

/** A Parquet file: flat columns of numbers, truth values and text, one row group at a time. */
export async function openParquet(
  source: Source,
  missingValues: readonly string[],
  layout: Layout,
  stallMs: number = stallMsDefault,
): Promise<Table<DenseWindow>> {
  const file: AsyncBuffer = {
    byteLength: source.sizeBytes,
    slice: async (from, to = source.sizeBytes) => {
      const bytes = await source.range(from, Math.min(to, source.sizeBytes));
      return bytes.slice().buffer as ArrayBuffer;
    },
  };
  const metadata = await readable(source, async () => {
    const metadata = await parquetMetadataAsync(file);
    refuseInconsistent(source, metadata);
    return metadata;
  });
  const columns = layout(columnsOf(source, metadata));
  return {
    columns,
    async *windows() {
      const names = columns.filter(({ kind }) => kind !== "skip").map(({ name }) => name);
      const decoded = parquetColumns(source, metadata, names, stallMs);
      try {
        yield* windows(source, decoded, columns, { missingValues, mends: mendsIn(metadata) });
      } finally {
        await decoded.close();
      }
    },
  };
}

function columnsOf(source: Source, metadata: Metadata): FoundColumn[] {
  try {
    const note = metadata.key_value_metadata?.find(({ key }) => key === "pandas")?.value;
    const indices = indexColumns(
      metadata.schema.map(({ name }) => name),
      note,
    );
    const unclear = new Map([
      ...notedOpaque(metadata.key_value_metadata ?? []),
      ...unclearIn(metadata),
    ]);
    const { children } = parquetSchema(metadata);
    refuseTwins(
      source,
      children.map(({ element }) => element.name),
    );
    return children.map(({ element, children }) => {
      const { name, type, converted_type: converted, logical_type: logical } = element;
      if (typeof name !== "string") throw new Error("a column's name is not text");
      const nested = children.length > 0 ? "lists or mappings" : undefined;
      const opaque = nested ?? unclear.get(name) ?? opaqueIn(element);
      const isDate = opaque === undefined && isDated(element);
      const isHalf = logical?.type === "FLOAT16";
      const isNumber =
        children.length === 0 &&
        (converted === "DECIMAL" ||
          isHalf ||
          (numeric.has(type ?? "") && !isDate && opaque === undefined));
      return {
        name,
        kind: isNumber ? "number" : "text",
        ...(type === "BOOLEAN" ? { truth: true as const } : {}),
        ...(isDate ? { date: true as const } : {}),
        ...(opaque === undefined ? {} : { opaque }),
        ...(isHalf ? { half: true as const } : {}),
        ...(indices.has(name) ? { aside: "it is the index of a pandas table" } : {}),
      };
    });
  } catch (cause) {
    throw cause instanceof RunError ? cause : damaged(source, cause);
  }
}

/** Columns are read by name. */
function refuseTwins(source: Source, names: readonly string[]): void {
  const twin = names.find((name, i) => names.indexOf(name) < i);
  if (twin === undefined) return;
  throw new RunError(
    "duplicate-column",
    `${source.name}: two columns are called ${inQuotes(twin)}`,
    {
      hint: "give each column a name of its own",
    },
  );
}

/** Days, and points in time of any unit: the decoder makes dates of them. */
function isDated({ type, converted_type: converted, logical_type: logical }: Element): boolean {
  if (type === "INT96" || logical?.type === "DATE" || logical?.type === "TIMESTAMP") return true;
  return converted === "DATE" || /^TIMESTAMP/.test(converted ?? "");
}

/** What the decoder makes no number, text or date of, and what no two writers store alike. */
function opaqueIn({ type, converted_type, logical_type }: Element): string | undefined {
  const kind = `${converted_type ?? ""} ${logical_type?.type ?? ""}`;
  if (/(^| )TIME(_|$)/.test(kind)) return "times of day";
  if (/JSON|BSON|VARIANT|GEO/.test(kind)) return "lists or mappings";
  if (/INTERVAL/.test(kind)) return "spans of time";
  const isBare = converted_type === undefined && logical_type === undefined;
  return type === "FIXED_LEN_BYTE_ARRAY" && isBare ? "bytes" : undefined;
}

/**
 * Unsigned numbers of 2^31 and more that DuckDB wrote as differences: their first value does not
 * fit the 32 bits of its type, and the decoder cuts it.
 */
function unclearIn({ created_by: writer, row_groups }: Metadata): ReadonlyMap<string, string> {
  const chunks = row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data));
  const cut = chunks.filter((chunk) => {
    const { max_value: most } = chunk?.statistics ?? {};
    const isDelta = chunk?.type === "INT32" && chunk.encodings.includes("DELTA_BINARY_PACKED");
    return isDelta && /DuckDB/.test(writer ?? "") && typeof most === "number" && most >= 2 ** 31;
  });
  const what = "unsigned numbers in a form that readers take differently: write it as BIGINT";
  return new Map(cut.map((chunk) => [chunk!.path_in_schema.join("."), what]));
}

/** The reader trusts these numbers, and may not come back where they contradict each other. */
function refuseInconsistent(source: Source, { row_groups, num_rows }: Metadata): void {
  let rows = 0n;
  for (const [i, group] of row_groups.entries()) {
    rows += BigInt(group.num_rows ?? -1);
    for (const { meta_data: chunk } of group.columns ?? []) {
      const start = chunk?.dictionary_page_offset ?? chunk?.data_page_offset;
      const end = (start ?? 0n) + BigInt(chunk?.total_compressed_size ?? -1n);
      if (start === undefined || start < 0n || end < start || end > BigInt(source.sizeBytes))
        throw damaged(source, `row group ${i} has a column outside of the file`);
      if (chunk?.path_in_schema.length === 1 && chunk.num_values !== group.num_rows)
        throw damaged(source, `row group ${i} has a column of ${chunk.num_values} values`);
    }
  }
  if (rows !== num_rows) throw damaged(source, `its row groups have ${rows} of ${num_rows} rows`);
}

/** How cells are taken: what means a missing one, and what the decoder leaves to be mended. */
interface Reading {
  readonly missingValues: readonly string[];
  readonly mends: ReadonlyMap<string, Mend>;
}

type CellReading = Pick<Reading, "mends"> & { readonly missing: ReadonlySet<string> };

async function* windows(
  source: Source,
  decoded: ParquetColumns,
  columns: readonly Column[],
  { missingValues, mends }: Reading,
): AsyncGenerator<DenseWindow> {
  const read = columns.filter((column) => column.kind !== "skip");
  const width = read.length;
  const capacity = rowCapacity(width);
  const missing = new Set(missingValues);
  for (const range of await readable(source, () => decoded.ranges())) {
    const rows = range.rowEnd - range.rowStart;
    const group = columnCells(source, decoded, read, { missing, mends, ...range });
    if (rows > capacity) yield* spooledWindows(group, { rows, width, capacity });
    else if (rows > 0) yield await gathered(group, rows, width);
  }
}

/** The cells of each column of a row group, one column after another, in the same memory. */
async function* columnCells(
  source: Source,
  decoded: ParquetColumns,
  read: readonly Column[],
  { missing, mends, rowStart, rowEnd }: RowRange & CellReading,
): AsyncGenerator<Float64Array> {
  const rows = rowEnd - rowStart;
  const cells = new Float64Array(rows);
  for (const column of read) {
    const { name } = column;
    const data = await readable(source, () => decoded.column(name, { rowStart, rowEnd }));
    if (data.length !== rows)
      throw damaged(source, `column ${name} has ${data.length} of ${rows} rows`);
    let row = 0;
    const place = () => `${source.name}: row ${rowStart + row}, column ${inQuotes(name)}`;
    const mend = mends.get(name) ?? ((value) => value);
    for (; row < rows; row++) cells[row] = typedCell(column, mend(data[row]), missing, place);
    yield cells;
  }
}

/** Columns of few rows as one window. */
async function gathered(
  columns: AsyncIterable<Float64Array>,
  rows: number,
  width: number,
): Promise<DenseWindow> {
  const cells = new Float64Array(rows * width);
  let j = 0;
  for await (const column of columns) {
    for (let row = 0; row < rows; row++) cells[row * width + j] = column[row]!;
    j++;
  }
  return { kind: "dense", rows, width, cells };
}

async function readable<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw damaged(source, cause);
  }
}

function damaged(source: Source, cause: unknown): RunError {
  const what = typeof cause === "string" ? cause : messageOf(cause);
  return new RunError("bad-parquet", `${source.name}: not a readable Parquet file: ${what}`, {
    hint: "check that the file is whole and was written as Parquet, or set data.format",
    cause,
  });
}
