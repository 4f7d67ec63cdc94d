import type { Rows } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import type { Prepared } from "../manifests.ts";
import { eachPart } from "../parts/load-parts.ts";

/** Some columns of [X' | I], row-major: a row a feature. */
export interface Slab {
  readonly width: number;
  readonly values: Float32Array;
}

/** [X' | I] in slabs of at most `width` columns. */
export async function* slabsOf(
  prepared: Prepared,
  width: number,
  store: Store,
): AsyncGenerator<Slab> {
  const { columns } = prepared;
  let left = prepared.rows + columns;
  let slab = newSlab(columns, Math.min(width, left));
  let used = 0;
  for await (const put of columnWriters(prepared, store)) {
    put(slab.values, slab.width, used);
    used++;
    left--;
    if (used < slab.width) continue;
    yield slab;
    slab = newSlab(columns, Math.min(width, left));
    used = 0;
  }
}

function newSlab(features: number, width: number): Slab {
  return { width, values: new Float32Array(features * width) };
}

/** One after another, what writes the columns of [X' | I] into a slab of zeros. */
async function* columnWriters(
  prepared: Prepared,
  store: Store,
): AsyncGenerator<(values: Float32Array, width: number, at: number) => void> {
  for await (const { rows } of eachPart(store, prepared.train, prepared.columns)) {
    for (let row = 0; row < rows.rows; row++)
      yield (values, width, at) => putRow(rows, row, values, width, at);
  }
  for (let feature = 0; feature < prepared.columns; feature++) {
    yield (values, width, at) => {
      values[feature * width + at] = 1;
    };
  }
}

function putRow(rows: Rows, row: number, values: Float32Array, width: number, at: number): void {
  if (rows.kind === "sparse") {
    for (let entry = rows.offsets[row]!; entry < rows.offsets[row + 1]!; entry++)
      values[rows.indices[entry]! * width + at] = rows.values[entry]!;
    return;
  }
  const from = row * rows.columns;
  for (let j = 0; j < rows.columns; j++) values[j * width + at] = rows.values[from + j]!;
}
