import { zstdDecompressSync } from "node:zlib";
import { messageOf, RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { Source } from "../sources/source.ts";
import { type ArrowMessage, arrowMessages } from "./arrow-messages.ts";
import { type ArrowField, arrowField, type CellAt } from "./arrow-types.ts";
import type { FlatTable } from "./flat-buffer.ts";
import { lz4Frame } from "./lz4-frame.ts";
import { type Column, type DenseWindow, type Layout, rowCapacity, type Table } from "./table.ts";
import { typedCell } from "./typed-cell.ts";
import { indexColumns } from "./writer-notes.ts";

/** More than this of one buffer is taken for damage. */
const bufferBytesMax = 2 ** 31;

/**
 * An Arrow file, as Feather writes it too, or a stream of Arrow: flat columns, a batch of rows in
 * memory at a time.
 */
export async function openArrow(
  source: Source,
  missingValues: readonly string[],
  layout: Layout,
): Promise<Table<DenseWindow>> {
  const fields = await readable(source, () => fieldsOf(source));
  const columns = layout(fields.map(({ found }) => found));
  const missing = new Set(missingValues);
  return { columns, windows: () => windows(source, fields, columns, missing) };
}

async function fieldsOf(source: Source): Promise<ArrowField[]> {
  const { value: first } = await arrowMessages(source).next();
  if (first?.kind !== "schema") throw new Error("it does not begin with a schema");
  const { header } = first as ArrowMessage;
  if (header.short(0) !== 0) throw new Error("its numbers have the highest byte first");
  const fields = header.tables(1).map(arrowField);
  const names = fields.map(({ name }) => name);
  const twin = names.find((name, i) => names.indexOf(name) < i);
  if (twin !== undefined)
    throw new RunError(
      "duplicate-column",
      `${source.name}: two columns are called ${inQuotes(twin)}`,
      { hint: "give each column a name of its own" },
    );
  const notes = header.tables(2).map((pair) => [pair.text(0), pair.text(1)] as const);
  const indices = indexColumns(names, new Map(notes).get("pandas"));
  const aside = "it is the index of a pandas table";
  return fields.map((field) =>
    indices.has(field.name) ? { ...field, found: { ...field.found, aside } } : field,
  );
}

async function* windows(
  source: Source,
  fields: readonly ArrowField[],
  columns: readonly Column[],
  missing: ReadonlySet<string>,
): AsyncGenerator<DenseWindow> {
  const read = columns.filter(({ kind }) => kind !== "skip");
  const width = read.length;
  const capacity = rowCapacity(width);
  const cells = new Float64Array(capacity * width);
  const batches = rowBatches(source, fields, read);
  let [used, before] = [0, 0];
  for (;;) {
    const { done, value: batch } = await readable(source, () => batches.next());
    if (done === true) break;
    for (let from = 0; from < batch.rows; ) {
      const count = Math.min(capacity - used, batch.rows - from);
      for (const [i, column] of read.entries()) {
        let row = from;
        const place = () => `${source.name}: row ${before + row}, column ${inQuotes(column.name)}`;
        const value = guarded(source, batch.cells[i]!);
        for (; row < from + count; row++)
          cells[(used + row - from) * width + i] = typedCell(column, value(row), missing, place);
      }
      used += count;
      from += count;
      if (used < capacity) continue;
      yield { kind: "dense", rows: used, width, cells };
      used = 0;
    }
    before += batch.rows;
  }
  if (used > 0) yield { kind: "dense", rows: used, width, cells };
}

/** The rows of a batch: of each column that is read its cells. */
interface RowBatch {
  readonly rows: number;
  readonly cells: readonly CellAt[];
}

type Dictionaries = Map<number, readonly unknown[]>;

async function* rowBatches(
  source: Source,
  fields: readonly ArrowField[],
  read: readonly Column[],
): AsyncGenerator<RowBatch> {
  const dictionaries: Dictionaries = new Map();
  const encoded = fields.flatMap(encodedIn);
  for await (const { kind, header, body } of arrowMessages(source)) {
    if (kind === "dictionary") {
      const id = header.long(0);
      const own = encoded.find((one) => one.id === id);
      const data = header.table(1);
      if (own === undefined || data === null) throw new Error("a dictionary of no column");
      const { rows, cells } = batchOf(data, body, [own.values], dictionaries);
      const cell = cells.get(own.values.name);
      const values = cell === undefined ? [] : Array.from({ length: rows }, (_, row) => cell(row));
      const before = header.byte(2) === 1 ? (dictionaries.get(id) ?? []) : [];
      dictionaries.set(id, [...before, ...values]);
    }
    if (kind !== "batch") continue;
    const { rows, cells } = batchOf(header, body, fields, dictionaries);
    yield { rows, cells: read.map(({ name }) => cells.get(name)!) };
  }
}

function encodedIn({ dictionary, children }: ArrowField): NonNullable<ArrowField["dictionary"]>[] {
  return [...(dictionary === null ? [] : [dictionary]), ...children.flatMap(encodedIn)];
}

/** The cells of a batch by column; of those that are not read there are none. */
function batchOf(
  header: FlatTable,
  body: Uint8Array,
  fields: readonly ArrowField[],
  dictionaries: Dictionaries,
): { readonly rows: number; readonly cells: ReadonlyMap<string, CellAt> } {
  const rows = header.long(0);
  const nodes = header.structs(1, 16, [[0, 8]]);
  const places = header.structs(2, 16, [
    [0, 8],
    [8, 8],
  ]);
  const views = header.longs(4);
  const codec = header.table(3);
  let [node, at, view] = [0, 0, 0];
  const cells = new Map<string, CellAt>();
  const pass = (field: ArrowField, isColumn: boolean): void => {
    const [length] = nodes[node++] ?? [];
    const more = field.hasViews ? (views[view++] ?? 0) : 0;
    const own = places.slice(at, at + field.buffers + more);
    at += field.buffers + more;
    for (const child of field.children) pass(child, false);
    if (!isColumn || field.cells === null) return;
    if (length !== rows || own.length !== field.buffers + more)
      throw new Error(`column ${field.name} has ${length} of ${rows} rows`);
    const buffers = own.map(([from, bytes]) => bufferOf(body, from!, bytes!, codec));
    cells.set(field.name, cellsOf(field, buffers, rows, dictionaries));
  };
  for (const field of fields) pass(field, true);
  return { rows, cells };
}

function cellsOf(
  { cells, dictionary }: ArrowField,
  buffers: readonly Uint8Array[],
  rows: number,
  dictionaries: Dictionaries,
): CellAt {
  if (dictionary === null) return cells!(buffers, rows);
  const words = dictionaries.get(dictionary.id) ?? [];
  const index = dictionary.index(buffers, rows);
  return (row) => {
    const at = index(row) as number | null;
    if (at === null) return null;
    if (!(at >= 0 && at < words.length)) throw new Error(`word ${at} of ${words.length}`);
    return words[at];
  };
}

/** Bytes of a batch, unpacked where they are packed: their length stands before them then. */
function bufferOf(
  body: Uint8Array,
  from: number,
  length: number,
  codec: FlatTable | null,
): Uint8Array {
  if (!(from >= 0 && length >= 0 && from + length <= body.length))
    throw new Error("a buffer out of its batch");
  const bytes = body.subarray(from, from + length);
  if (codec === null || length === 0) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = Number(view.getBigInt64(0, true));
  const packed = bytes.subarray(8);
  if (size === -1) return packed;
  if (!(size >= 0 && size <= bufferBytesMax)) throw new Error(`a buffer of ${size} bytes`);
  const whole =
    codec.byte(0) === 0
      ? lz4Frame(packed)
      : new Uint8Array(zstdDecompressSync(packed, { maxOutputLength: Math.max(1, size) }));
  if (whole.length !== size) throw new Error(`a buffer of ${whole.length} bytes, not ${size}`);
  return whole;
}

/** What a cell's own bytes do not allow is the file's damage, told like that of a batch. */
function guarded(source: Source, cell: CellAt): CellAt {
  return (row) => {
    try {
      return cell(row);
    } catch (cause) {
      throw damaged(source, cause);
    }
  };
}

async function readable<T>(source: Source, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw cause instanceof RunError ? cause : damaged(source, cause);
  }
}

function damaged(source: Source, cause: unknown): RunError {
  const what = messageOf(cause);
  return new RunError("bad-arrow", `${source.name}: not a readable Arrow file: ${what}`, {
    hint: "check that the file is whole, or write it as Parquet",
    cause,
  });
}
