import { type Packed, unpack } from "../packing.ts";
import type { DenseRows } from "../rows.ts";
import { type Home, packedHomes, residentEntriesMin, settle } from "./home.ts";
import { storages } from "./task.ts";

export interface PackedHome {
  readonly rows: DenseRows;
  /** Copies rows to where they stay, the first of them to be row number `row`. */
  put(row: number, packed: Packed): void;
}

/** Packed dense rows to be filled in, by `put`; null where there are few of them, or too many. */
export function packedHome(
  storage: "bfloat16" | "int8",
  rows: number,
  columns: number,
  entriesMin: number = residentEntriesMin,
): PackedHome | null {
  const entries = rows * columns;
  const home = entries < entriesMin ? null : settle(storages[storage], rows, columns, entries);
  if (home === null) return null;
  const { memory, places, strideBytes } = home;
  const made: DenseRows = {
    kind: "dense",
    rows,
    columns,
    get values() {
      return unpack(contents(home), columns);
    },
  };
  packedHomes.set(made, home);
  return {
    rows: made,
    put(row, { values, scales }) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      const rowBytes = columns * values.BYTES_PER_ELEMENT;
      const all = new Uint8Array(memory);
      for (let from = 0, to = places.values + row * strideBytes; from < bytes.length; ) {
        all.set(bytes.subarray(from, from + rowBytes), to);
        from += rowBytes;
        to += strideBytes;
      }
      if (scales !== undefined) new Float32Array(memory, places.scales, rows).set(scales, row);
    },
  };
}

/** The packed rows of a home, without the space between them. */
function contents({ memory, places, storage, rows, columns, strideBytes }: Home): Packed {
  const isBytes = storage === storages.int8;
  const rowBytes = columns * (isBytes ? 1 : 2);
  const bytes = new Uint8Array(rows * rowBytes);
  for (let i = 0; i < rows; i++)
    bytes.set(new Uint8Array(memory, places.values + i * strideBytes, rowBytes), i * rowBytes);
  if (!isBytes) return { values: new Uint16Array(bytes.buffer) };
  return {
    values: new Int8Array(bytes.buffer),
    scales: new Float32Array(memory, places.scales, rows),
  };
}
