import { type Packed, unpack } from "../packing.ts";
import type { DenseRows } from "../rows.ts";
import { kernelStorages } from "./task.ts";
import {
  packedWasmMatrices,
  placeInWasm,
  residentEntriesMin,
  type WasmMatrix,
} from "./wasm-matrix.ts";

export interface PackedWasmMatrix {
  readonly rows: DenseRows;
  /** Copies rows to where they stay, the first of them to be row number `row`. */
  put(row: number, packed: Packed): void;
}

/** Packed dense rows to be filled in, by `put`; null where there are few of them, or too many. */
export function packedWasmMatrix(
  storage: "bfloat16" | "int8",
  rows: number,
  columns: number,
  entriesMin: number = residentEntriesMin,
): PackedWasmMatrix | null {
  const entries = rows * columns;
  const home =
    entries < entriesMin ? null : placeInWasm(kernelStorages[storage], rows, columns, entries);
  if (home === null) return null;
  const values = storedValues(home);
  const scales = new Float32Array(home.memory, home.places.scales, storage === "int8" ? rows : 0);
  const result: DenseRows = {
    kind: "dense",
    rows,
    columns,
    get values() {
      return unpack(contents(home), columns);
    },
  };
  packedWasmMatrices.set(result, home);
  return {
    rows: result,
    put(row, packed) {
      for (let i = 0; i * columns < packed.values.length; i++)
        for (let j = 0; j < columns; j++)
          values[placeOf(storage, row + i, j, columns)] = packed.values[i * columns + j]!;
      if (packed.scales !== undefined) scales.set(packed.scales, row);
    },
  };
}

/**
 * Four rows stand together, eight columns of each in turn; of int8 16 columns, every fourth of them
 * side by side, as long as there are so many.
 */
function placeOf(storage: "bfloat16" | "int8", i: number, j: number, columns: number): number {
  const octets = Math.ceil(columns / 8);
  const group = (i >> 2) * octets * 32;
  if (storage === "bfloat16" || j >> 4 === octets >> 1)
    return group + ((j >> 3) * 4 + (i & 3)) * 8 + (j & 7);
  return group + ((j >> 4) * 4 + (i & 3)) * 16 + (j & 3) * 4 + ((j & 15) >> 2);
}

function storedValues({ memory, places, storage, rows, columns }: WasmMatrix): Packed["values"] {
  const length = 32 * Math.ceil(rows / 4) * Math.ceil(columns / 8);
  return storage === kernelStorages.int8
    ? new Int8Array(memory, places.values, length)
    : new Uint16Array(memory, places.values, length);
}

/** The packed rows of a home, row by row. */
function contents(home: WasmMatrix): Packed {
  const { memory, places, storage, rows, columns } = home;
  const stored = storedValues(home);
  const isBytes = storage === kernelStorages.int8;
  const values = isBytes ? new Int8Array(rows * columns) : new Uint16Array(rows * columns);
  const name = isBytes ? "int8" : "bfloat16";
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      values[i * columns + j] = stored[placeOf(name, i, j, columns)]!;
  return isBytes ? { values, scales: new Float32Array(memory, places.scales, rows) } : { values };
}
