import type { DenseRows, SparseRows } from "../rows.ts";
import { kernelStorages } from "./task.ts";
import { placeInWasm, residentEntriesMin } from "./wasm-matrix.ts";

/** Zeroed dense rows, to be filled in: in a kernel's memory where there are enough of them. */
export function allocateDenseRows(
  rows: number,
  columns: number,
  entriesMin: number = residentEntriesMin,
): DenseRows {
  const entries = rows * columns;
  const home =
    entries < entriesMin ? null : placeInWasm(kernelStorages.float32, rows, columns, entries);
  const values =
    home === null
      ? new Float32Array(entries)
      : new Float32Array(home.memory, home.places.values, entries);
  return { kind: "dense", rows, columns, values };
}

/** Sparse rows, all their arrays to be filled in. */
export function allocateSparseRows(
  rows: number,
  columns: number,
  entries: number,
  entriesMin: number = residentEntriesMin,
): SparseRows {
  const home =
    entries < entriesMin ? null : placeInWasm(kernelStorages.sparse, rows, columns, entries);
  const shape = { kind: "sparse", rows, columns } as const;
  if (home === null) {
    const [values, indices] = [new Float32Array(entries), new Uint32Array(entries)];
    return { ...shape, values, indices, offsets: new Uint32Array(rows + 1) };
  }
  const { memory, places } = home;
  return {
    ...shape,
    values: new Float32Array(memory, places.values, entries),
    indices: new Uint32Array(memory, places.indices, entries),
    // Of some of the rows they are others: a pass takes its own copy.
    offsets: new Uint32Array(rows + 1),
  };
}
