import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import { npy, zipOf } from "./array-files.ts";
import { type ArrowColumn, arrowBytes } from "./arrow-writer.ts";

/** Null is a missing value; a date stands as the milliseconds since 1970-01-01. */
export type Value = number | string | boolean | Date | null;

/** A table as a program holds it: every column has values of one kind, the target is the last. */
export interface Written {
  readonly names: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** A way of writing a table; null where the format cannot hold it. */
type Write = (table: Written) => string | Uint8Array | null;

const delimited =
  (separator: string): Write =>
  ({ names, rows }) => {
    const line = (cells: readonly string[]) => cells.map((cell) => quoted(cell, separator));
    const all = [line(names), ...rows.map((row) => line(row.map(spelled)))];
    return `${all.map((cells) => cells.join(separator)).join("\n")}\n`;
  };

function quoted(cell: string, separator: string): string {
  const isPlain = !cell.includes(separator) && !/["\r\n]|^\s|\s$/.test(cell);
  return isPlain ? cell : `"${cell.replaceAll('"', '""')}"`;
}

function spelled(value: Value): string {
  if (value === null) return "";
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace("T", " ");
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}

const jsonLines: Write = ({ names, rows }) => {
  const value = (cell: Value) => (cell instanceof Date ? cell.toISOString() : cell);
  return rows
    .map((row) => JSON.stringify(Object.fromEntries(row.map((cell, i) => [names[i], value(cell)]))))
    .join("\n");
};

const parquet: Write = (table) => {
  const columnData = table.names.map((name, i) => {
    const data: unknown[] = table.rows.map((row) => row[i]);
    return { name, data, type: typeOf(table.rows.map((row) => row[i]!)), nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: table.rows.length }));
};

function typeOf(values: readonly Value[]): BasicType {
  const value = values.find((one) => one !== null) ?? 0;
  if (value instanceof Date) return "TIMESTAMP";
  if (typeof value === "boolean") return "BOOLEAN";
  return typeof value === "number" ? "DOUBLE" : "STRING";
}

const arrow =
  (kind: "file" | "stream"): Write =>
  ({ names, rows }) => {
    const columns = names.map((name, i) =>
      arrowColumn(
        name,
        rows.map((row) => row[i]!),
      ),
    );
    return arrowBytes(columns, rows.length, kind);
  };

const bits = (of: readonly boolean[]) =>
  Uint8Array.from({ length: Math.ceil(of.length / 8) }, (_, byte) =>
    of.slice(8 * byte, 8 * byte + 8).reduce((sum, bit, i) => sum + (bit ? 2 ** i : 0), 0),
  );
const bytesOf = ({ buffer }: { readonly buffer: ArrayBufferLike }) => new Uint8Array(buffer);

/** Numbers in 8 bytes, points in time in milliseconds. */
function arrowColumn(name: string, values: readonly Value[]): ArrowColumn {
  const validity = bits(values.map((value) => value !== null));
  const numbers = () => Float64Array.from(values, (value) => Number(value ?? 0));
  const small = (value: number) => ({ bytes: 2 as const, value });
  switch (typeOf(values)) {
    case "TIMESTAMP": {
      const points = BigInt64Array.from(numbers(), BigInt);
      return { name, type: 10, about: [small(1)], buffers: [validity, bytesOf(points)] };
    }
    case "BOOLEAN": {
      const truths = bits(values.map((value) => value === true));
      return { name, type: 6, about: [], buffers: [validity, truths] };
    }
    case "DOUBLE":
      return { name, type: 3, about: [small(2)], buffers: [validity, bytesOf(numbers())] };
    default: {
      const texts = values.map((value) => Buffer.from(String(value ?? "")));
      const ends = texts.map((_, i) => Buffer.concat(texts.slice(0, i + 1)).length);
      const offsets = Int32Array.of(0, ...ends);
      const buffers = [validity, bytesOf(offsets), Buffer.concat(texts)];
      return { name, type: 5, about: [], buffers };
    }
  }
}

/** All cells row by row where they are numbers; null where some are not. */
function numbers({ rows }: Written): number[] | null {
  const cells = rows.flat();
  return cells.every((cell) => typeof cell === "number") ? cells : null;
}

const array =
  (fortran: boolean): Write =>
  (table) => {
    const { length: width } = table.names;
    const cells = numbers(table);
    if (cells === null) return null;
    const { length: height } = table.rows;
    const byColumn = cells.map((_, i) => cells[(i % height) * width + Math.floor(i / height)]!);
    return npy("<f8", [height, width], fortran ? byColumn : cells, { fortran });
  };

const arrays: Write = (table) => {
  if (numbers(table) === null) return null;
  const [X, y] = [table.rows.map((row) => row.slice(0, -1)), table.rows.map((row) => row.at(-1))];
  const shape = [X.length, table.names.length - 1];
  return zipOf({
    "y.npy": npy("<f8", [X.length], y as number[]),
    "X.npy": npy("<f8", shape, X.flat() as number[]),
  });
};

const libsvm =
  (first: number): Write =>
  (table) => {
    if (numbers(table) === null) return null;
    const entries = (row: readonly Value[]) =>
      row.slice(0, -1).flatMap((cell, i) => (cell === 0 ? [] : `${i + first}:${cell}`));
    return `${table.rows.map((row) => [row.at(-1), ...entries(row)].join(" ")).join("\n")}\n`;
  };

/** Every format that is read, by the ending that names it. */
export const writers: Readonly<Record<string, Write>> = {
  csv: delimited(","),
  tsv: delimited("\t"),
  jsonl: jsonLines,
  parquet,
  feather: arrow("file"),
  arrows: arrow("stream"),
  npy: array(false),
  "fortran.npy": array(true),
  npz: arrays,
  libsvm: libsvm(1),
};
