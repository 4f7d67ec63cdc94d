import type { Encoded } from "../../data/manifests.ts";
import type { Encoding } from "../../encoding/encoding.ts";
import { encodings } from "../../encoding/registry.ts";
import type { Examples, SparseRows } from "../../math/rows.ts";
import type { WorkerContext } from "../task-kind.ts";
import { type EncodedSubproblems, firstColumn, type Side, unknownsOf } from "./sides.ts";

/** All ratings as one slot's environment holds them, by user and by item. */
export interface Ratings {
  readonly encoded: Encoded;
  readonly encoding: Encoding;
  readonly slot: number;
  readonly users: Grouped;
  readonly items: Grouped;
  /** What the last task's rows were made of; only speed: they are compared before they serve. */
  kept: { readonly from: RowsFrom; readonly rows: EncodedSubproblems } | null;
}

/** Everything that encoded rows depend on besides the ratings. */
export interface RowsFrom {
  readonly side: Side;
  readonly exactBelow: number;
  readonly bank: number;
  /** Of the other side: what stands still. */
  readonly given: Float32Array;
}

/** One side's ratings, those of a member together, in the order of the data. */
export interface Grouped {
  /** Where each member's begin; one more at the end. */
  readonly offsets: Uint32Array;
  /** The column of the other side's member. */
  readonly others: Uint32Array;
  readonly ratings: Float32Array;
}

export function ratingsAt(place: WorkerContext): Promise<Ratings> {
  return place.cached("ratings", async (): Promise<Ratings> => {
    const { encoded, slot } = place;
    const examples = await place.shard();
    return {
      encoded,
      encoding: encodings.create(encoded.encoding),
      slot,
      users: grouped(examples, encoded, "users"),
      items: grouped(examples, encoded, "items"),
      kept: null,
    };
  });
}

/** Writes [factor of the other, 1, what is left to explain] of a rating to `out[at]` and on. */
export function writeRow(
  { others, ratings }: Grouped,
  rating: number,
  weights: Float32Array,
  columns: number,
  base: number,
  out: Float64Array,
  at: number,
): void {
  const unknowns = unknownsOf(weights, columns);
  const other = others[rating]!;
  for (let f = 1; f < unknowns; f++) out[at + f - 1] = weights[f * columns + other]!;
  out[at + unknowns - 1] = 1;
  out[at + unknowns] = ratings[rating]! - base - weights[other]!;
}

/** b: the weight of the intercept, 0 without one. */
export function baseOf(weights: Float32Array, { columns, ratings }: Encoded): number {
  const features = ratings!.users.length + ratings!.items.length;
  return columns > features ? weights[features]! : 0;
}

function grouped(examples: Examples, encoded: Encoded, side: Side): Grouped {
  const { offsets: starts, indices, rows } = examples.rows as SparseRows;
  const counts = encoded.ratings![side];
  const first = firstColumn(encoded, side);
  const [own, other] = side === "users" ? [0, 1] : [1, 0];
  const offsets = new Uint32Array(counts.length + 1);
  for (const [i, count] of counts.entries()) offsets[i + 1] = offsets[i]! + count;
  const next = offsets.slice();
  const others = new Uint32Array(rows);
  const ratings = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = next[indices[starts[row]! + own]! - first]!++;
    others[at] = indices[starts[row]! + other]!;
    ratings[at] = examples.targets[row]!;
  }
  return { offsets, others, ratings };
}
