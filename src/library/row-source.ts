import { RunError } from "../core/errors.ts";

/** A value of a column; null, undefined and NaN are missing ones. */
export type RowValue = number | string | boolean | bigint | null | undefined;

/** A row by the names of its columns, or its numbers in order. */
export type Row = Readonly<Record<string, RowValue>> | readonly RowValue[] | NumberArray;

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Numbers of many rows, one row after another. */
export interface NumberMatrix {
  readonly values: NumberArray;
  /** Names of its columns, or how many there are. */
  readonly columns: readonly string[] | number;
}

/** A data set of TensorFlow.js: of objects, or of pairs `{ xs, ys }` of tensors. */
export interface TensorDataset {
  iterator(): Promise<{ next(): Promise<{ readonly value: unknown; readonly done: boolean }> }>;
}

/**
 * Rows from code: an array or a stream of objects or of lists, a matrix, a data set of
 * TensorFlow.js, or an Arrow table, which is a list of rows by itself.
 */
export type RowSource = Iterable<Row> | AsyncIterable<Row> | NumberMatrix | TensorDataset;

/** One row with the names of its columns, the same for all rows. */
export interface NamedRow {
  readonly names: readonly string[];
  readonly cells: readonly RowValue[];
}

/**
 * Goes through rows of any kind. `names` are those of rows that are lists; where it is absent these
 * are x0, x1 and so on. `ys` of a data set of TensorFlow.js becomes a last column of that name.
 */
export async function* namedRows(
  source: RowSource,
  names?: readonly string[],
): AsyncGenerator<NamedRow> {
  let first: readonly string[] | undefined;
  let number = 0;
  for await (const given of rowsOf(source)) {
    const { names: own, cells } = namedRow(given, names ?? first, number);
    first ??= own;
    if (own === first) yield { names: first, cells };
    else yield { names: first, cells: inOrder(first, own, cells, number) };
    number++;
  }
}

async function* rowsOf(source: RowSource): AsyncGenerator<unknown> {
  if (isMatrix(source)) yield* matrixRows(source);
  else if (isTensorDataset(source)) yield* tensorRows(source);
  else if (isIterable(source)) yield* source as Iterable<unknown> | AsyncIterable<unknown>;
  else
    throw new RunError("bad-rows", `rows: got ${typeof source}, expected rows`, {
      hint: "give an array of objects, { values, columns }, an async iterable or a table of Arrow",
    });
}

function isIterable(source: unknown): boolean {
  if (typeof source !== "object" || source === null) return false;
  return Symbol.iterator in source || Symbol.asyncIterator in source;
}

export function isMatrix(source: unknown): source is NumberMatrix {
  const { values, columns } = (source ?? {}) as Partial<NumberMatrix>;
  return ArrayBuffer.isView(values) && columns !== undefined;
}

function isTensorDataset(source: RowSource): source is TensorDataset {
  return typeof (source as Partial<TensorDataset>).iterator === "function";
}

function* matrixRows({ values, columns }: NumberMatrix): Generator<unknown> {
  const width = typeof columns === "number" ? columns : columns.length;
  if (!Number.isInteger(width) || width < 1 || values.length % width !== 0)
    throw new RunError(
      "bad-rows",
      `rows: ${values.length} values are no whole number of rows of ${width} columns`,
      { hint: "values holds one row after another, columns how many a row has" },
    );
  for (let at = 0; at < values.length; at += width) {
    const row = values.subarray(at, at + width);
    if (typeof columns === "number") yield row;
    else yield Object.fromEntries(columns.map((name, i) => [name, row[i]]));
  }
}

async function* tensorRows(source: TensorDataset): AsyncGenerator<unknown> {
  const iterator = await source.iterator();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    const { xs, ys } = next.value as { xs?: unknown; ys?: unknown };
    if (xs === undefined) yield next.value;
    else yield [...numbersOf(xs), ...(ys === undefined ? [] : numbersOf(ys))];
  }
}

function numbersOf(value: unknown): readonly RowValue[] {
  if (typeof value === "number" || typeof value === "string") return [value];
  const read = (value as { dataSync?(): ArrayLike<number> }).dataSync;
  if (typeof read === "function") return Array.from(read.call(value));
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<number>);
  return Object.values(value as Record<string, RowValue>);
}

function namedRow(given: unknown, names: readonly string[] | undefined, number: number): NamedRow {
  if (Array.isArray(given) || ArrayBuffer.isView(given)) {
    const cells = Array.from(given as ArrayLike<RowValue>);
    const own = names ?? listNames(cells.length);
    if (own.length === cells.length) return { names: own, cells };
    throw new RunError(
      "bad-rows",
      `rows: row ${number} has ${cells.length} values, expected ${own.length}`,
      { hint: `give a value for each of ${own.slice(0, 8).join(", ")}; null for a missing one` },
    );
  }
  if (typeof given !== "object" || given === null)
    throw new RunError("bad-rows", `rows: row ${number} is ${String(given)}, expected a row`, {
      hint: "a row is an object by the names of columns, or an array of values",
    });
  const plain = asPlain(given);
  return { names: Object.keys(plain), cells: Object.values(plain) };
}

/** A table of Arrow gives rows that are no plain objects, but turn into some. */
function asPlain(row: object): Record<string, RowValue> {
  const { toJSON } = row as { toJSON?: () => Record<string, RowValue> };
  return typeof toJSON === "function" ? toJSON.call(row) : (row as Record<string, RowValue>);
}

/** The same lists of names again and again: rows are many. */
let listed: readonly string[] = [];

function listNames(length: number): readonly string[] {
  if (listed.length !== length) listed = Array.from({ length }, (_, i) => `x${i}`);
  return listed;
}

/** Objects may name columns in any order, and leave one out where its value is missing. */
function inOrder(
  names: readonly string[],
  own: readonly string[],
  cells: readonly RowValue[],
  number: number,
): readonly RowValue[] {
  const isSame = own.length === names.length && own.every((name, i) => name === names[i]);
  if (isSame) return cells;
  const byName = new Map(own.map((name, i) => [name, cells[i]]));
  const extra = own.find((name) => !names.includes(name));
  if (extra === undefined) return names.map((name) => byName.get(name));
  throw new RunError(
    "bad-rows",
    `rows: row ${number} has a column ${JSON.stringify(extra)}, which the first row has not`,
    { hint: "name every column in the first row; null for a missing value" },
  );
}
