import { assert } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import type { DenseRows, Examples, Rows, SparseRows } from "../math/rows.ts";

/** `count` of the examples, each drawn anew from all; all of them for 0. */
export function minibatch(examples: Examples, count: number, random: Random): Examples {
  if (count === 0) return examples;
  assert(examples.mixture === undefined, "minibatches are of rows as they are");
  const { rows } = examples.rows;
  return gatherExamples(
    examples,
    Array.from({ length: count }, () => random.integer(rows)),
  );
}

/** Small dense minibatches in one memory: each is good until the next is drawn. */
export interface MinibatchRoom {
  draw(examples: Examples, count: number, random: Random): Examples;
}

/** More numbers are worth a memory of their own. */
const roomEntriesMax = 4_096;

/** As `minibatch`, in the same memory again and again where that holds it. */
export function minibatchRoom(): MinibatchRoom {
  let room: { readonly rows: DenseRows; readonly targets: Float32Array } | null = null;
  return {
    draw(examples, count, random) {
      const { rows, targets, weights, mixture } = examples;
      const { columns, kind } = rows;
      const isSmall = count > 0 && count * columns <= roomEntriesMax;
      if (kind !== "dense" || weights !== undefined || mixture !== undefined || !isSmall)
        return minibatch(examples, count, random);
      if (room?.rows.columns !== columns || room.rows.rows !== count) {
        const values = new Float32Array(count * columns);
        room = {
          rows: { kind: "dense", rows: count, columns, values },
          targets: new Float32Array(count),
        };
      }
      const { values } = room.rows;
      for (let to = 0; to < count; to++) {
        const from = random.integer(rows.rows);
        room.targets[to] = targets[from]!;
        for (let j = 0; j < columns; j++)
          values[to * columns + j] = rows.values[from * columns + j]!;
      }
      return room;
    },
  };
}

/** Some of the examples in this order, also repeatedly, in memory of their own. */
export function gatherExamples(
  { rows, targets, weights }: Examples,
  places: readonly number[],
): Examples {
  const gathered = {
    rows: gatherRows(rows, places),
    targets: Float32Array.from(places, (i) => targets[i]!),
  };
  if (weights === undefined) return gathered;
  return { ...gathered, weights: Float32Array.from(places, (i) => weights[i]!) };
}

/**
 * Without the rows whose target is NaN: of a class that nobody stated, they count nothing. Each row
 * by itself, so that no other moves. As it is where there are none.
 */
export function labelled(examples: Examples): Examples {
  const { targets } = examples;
  if (!hasNaN(targets)) return examples;
  const places = [...targets.keys()].filter((row) => !Number.isNaN(targets[row]));
  return gatherExamples(examples, places);
}

function hasNaN(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

/** Some rows in this order, also repeatedly, in memory of their own. */
export function gatherRows(rows: Rows, places: readonly number[]): Rows {
  return rows.kind === "dense" ? gatherDense(rows, places) : gatherSparse(rows, places);
}

function gatherDense({ columns, values }: DenseRows, places: readonly number[]): DenseRows {
  const out = new Float32Array(places.length * columns);
  for (const [to, from] of places.entries())
    out.set(values.subarray(from * columns, (from + 1) * columns), to * columns);
  return { kind: "dense", rows: places.length, columns, values: out };
}

function gatherSparse(rows: SparseRows, places: readonly number[]): SparseRows {
  const offsets = new Uint32Array(places.length + 1);
  for (const [to, from] of places.entries())
    offsets[to + 1] = offsets[to]! + rows.offsets[from + 1]! - rows.offsets[from]!;
  const length = offsets[places.length]!;
  const values = new Float32Array(length);
  const indices = new Uint32Array(length);
  for (const [to, from] of places.entries()) {
    const [start, end] = [rows.offsets[from]!, rows.offsets[from + 1]!];
    values.set(rows.values.subarray(start, end), offsets[to]!);
    indices.set(rows.indices.subarray(start, end), offsets[to]!);
  }
  return { kind: "sparse", rows: places.length, columns: rows.columns, values, indices, offsets };
}
