import { randomFrom } from "../core/random.ts";
import type { Prepared, StoredPart } from "../data/manifests.ts";
import { DensePartWriter } from "../data/parts/dense-parts.ts";
import { eachPart } from "../data/parts/load-parts.ts";
import { SparsePartWriter } from "../data/parts/sparse-parts.ts";
import type { Store } from "../ports/store.ts";
import { resolveMembers } from "../run/resolve-members.ts";
import type { RunSpec } from "../spec/run-spec.ts";
import type { DataShape } from "./workload.ts";

/** Rows to rehearse with, in a store of their own. */
export interface Sample {
  readonly prepared: Prepared;
  readonly store: Store;
  /** All of the data set's training rows. */
  readonly rows: number;
  /** Numbers of one stored row, its target included, as a worker goes through them. */
  readonly entriesPerRow: number;
}

const rowsMin = 256;
const partsReadMax = 16;

/**
 * Training rows of a prepared data set that hold about `entriesMax` numbers: all of them where they
 * are so few, otherwise a random part. No test rows.
 */
export async function sampleOf(
  prepared: Prepared,
  from: Store,
  into: Store,
  entriesMax: number,
): Promise<Sample> {
  const entriesPerRow = entriesPerRowOf(prepared);
  const wanted = Math.max(rowsMin, Math.floor(entriesMax / entriesPerRow));
  const about = { store: into, rows: prepared.rows, entriesPerRow };
  if (wanted >= prepared.rows) {
    for (const { key } of prepared.train) await into.write(key, (await from.read(key))!);
    return { ...about, prepared: { ...prepared, testRows: 0, test: [] } };
  }
  const parts = spread(prepared.train, partsReadMax);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const train = await someRows({ ...prepared, train: parts }, from, into, wanted / rows);
  return {
    ...about,
    prepared: {
      ...prepared,
      digest: `${prepared.digest}-sample`,
      rows: train.reduce((sum, part) => sum + part.rows, 0),
      testRows: 0,
      train,
      test: [],
    },
  };
}

/** Numbers of one row, its target included, by the bytes that hold it. */
export function entriesPerRowOf({ train, rows }: Prepared): number {
  const bytes = train.reduce((sum, part) => sum + part.bytes, 0);
  return bytes / Float32Array.BYTES_PER_ELEMENT / rows;
}

export function shapeOf(spec: RunSpec, prepared: Prepared, entriesPerRow: number): DataShape {
  const { problem } = resolveMembers(spec);
  const { rows, columns, preparation } = prepared;
  const weightsLength = problem.weightsLength(columns, preparation.target.classes?.length ?? 0);
  return { rows, columns, weightsLength, entriesPerRow };
}

/** Each row with the same chance. */
async function someRows(
  { train, columns, preparation, digest }: Prepared,
  from: Store,
  into: Store,
  share: number,
): Promise<readonly StoredPart[]> {
  const random = randomFrom(digest).fork("sample");
  const dense = new DensePartWriter(into, columns);
  const sparse = new SparsePartWriter(into, columns);
  for await (const { rows, targets, weights } of eachPart(from, train, columns)) {
    for (let row = 0; row < rows.rows; row++) {
      if (random.uniform() >= share) continue;
      if (rows.kind === "sparse") {
        sparse.buffer.add(rows, row, targets[row]!);
        if (weights !== undefined) sparse.buffer.weigh(weights[row]!);
        if (sparse.full()) await sparse.flush();
        continue;
      }
      const values = rows.values.subarray(row * columns, (row + 1) * columns);
      dense.values.set(values, dense.used * columns);
      dense.targets[dense.used++] = targets[row]!;
      if (weights !== undefined) dense.weigh(weights[row]!);
      if (dense.isFull()) await dense.flush();
    }
  }
  return preparation.sparse ? sparse.close() : dense.close();
}

/** Some of the parts, evenly from first to last: rows that lie together may be alike. */
function spread(parts: readonly StoredPart[], countMax: number): readonly StoredPart[] {
  if (parts.length <= countMax) return parts;
  return Array.from(
    { length: countMax },
    (_, i) => parts[Math.floor(((i + 0.5) * parts.length) / countMax)]!,
  );
}
