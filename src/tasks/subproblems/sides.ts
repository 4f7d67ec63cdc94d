import { randomFrom } from "../../core/random.ts";
import type { Encoded } from "../../data/manifests.ts";
import type { ChunkCode, Encoding } from "../../encoding/encoding.ts";
import type { RoundTask } from "../task-kind.ts";

export type Side = "users" | "items";

/** A question about the least squares of all users, or all items, at once. */
export interface SideTask extends RoundTask {
  /** Whose subproblems: the other side's weights stand still. */
  readonly side: Side;
  /** Subproblems of fewer ratings are solved exactly, the others by rounds. */
  readonly exactBelow: number;
}

export interface EncodedSideTask extends SideTask {
  /** Codes are for multiples of so many rows. */
  readonly bank: number;
}

/** The subproblems of one side: each user's, or item's, least squares over its own ratings. */
export interface Subproblems {
  readonly side: Side;
  /** Which of the side they are, ascending. */
  readonly members: Uint32Array;
  /** Ratings of each. */
  readonly counts: Uint32Array;
}

/** A slot's part of every subproblem's encoded rows S [Y, 1 | t], one after another. */
export interface EncodedSubproblems {
  readonly subproblems: Subproblems;
  /** Unknowns, and behind them the target. */
  readonly width: number;
  /** The row where each subproblem begins; one more at the end. */
  readonly offsets: Uint32Array;
  readonly values: Float64Array;
  /** What a row counts. */
  readonly weights: Float64Array;
}

/** Those of a side with ratings from `atLeast` up to, not including, `below`. */
export function subproblemsOf(
  { ratings }: Encoded,
  side: Side,
  atLeast: number,
  below: number,
): Subproblems {
  const all = ratings?.[side] ?? [];
  const members = [...all.keys()].filter((i) => all[i]! >= atLeast && all[i]! < below);
  return {
    side,
    members: Uint32Array.from(members),
    counts: Uint32Array.from(members, (i) => all[i]!),
  };
}

/** How many of a side have at least so many ratings. */
export function countAtLeast({ ratings }: Encoded, side: Side, atLeast: number): number {
  let count = 0;
  for (const own of ratings?.[side] ?? []) if (own >= atLeast) count++;
  return count;
}

/** The side's first column among the features of a rating. */
export function firstColumn({ ratings }: Encoded, side: Side): number {
  return side === "users" ? 0 : ratings!.users.length;
}

/** A chunk of one subproblem's rows and its code, its own member of the bank of codes. */
export interface CodedChunk {
  readonly from: number;
  readonly rows: number;
  /** Rows that the code is for; those beyond `rows` are zero: its columns are dropped. */
  readonly codedRows: number;
  readonly code: ChunkCode;
}

/**
 * The codes of a subproblem of `count` rows: the same wherever they are made. A mixture is one of a
 * bank of codes for multiples of `bank` rows, the next that holds it.
 */
export function* codesOf(
  encoding: Encoding,
  { workers, seed }: Pick<Encoded, "workers" | "seed">,
  side: Side,
  member: number,
  count: number,
  bank: number,
): Generator<CodedChunk> {
  const random = randomFrom(seed).fork(`subproblems/${side}/${member}`);
  const rowsMax = encoding.chunkRows(workers);
  for (let index = 0, from = 0; from < count; index++, from += rowsMax) {
    const rows = Math.min(rowsMax, count - from);
    const codedRows = encoding.mixes ? Math.min(rowsMax, Math.ceil(rows / bank) * bank) : rows;
    const code = encoding.chunk(index, codedRows, workers, random.fork(`chunk/${index}`));
    yield { from, rows, codedRows, code };
  }
}

/** Numbers that a subproblem solves for: its member's factor, and behind it its bias. */
export function unknownsOf(weights: { readonly length: number }, columns: number): number {
  return weights.length / columns;
}

/** The unknowns of column `column`, to `out[at]` and on. Weights begin with the biases. */
export function takeUnknowns(
  weights: Float32Array,
  columns: number,
  column: number,
  out: Float64Array | Float32Array,
  at: number,
): void {
  const unknowns = unknownsOf(weights, columns);
  for (let f = 1; f < unknowns; f++) out[at + f - 1] = weights[f * columns + column]!;
  out[at + unknowns - 1] = weights[column]!;
}

/** What `takeUnknowns` took, back to its place. */
export function putUnknowns(
  weights: Float32Array,
  columns: number,
  column: number,
  from: Float64Array | Float32Array,
  at: number,
): void {
  const unknowns = unknownsOf(weights, columns);
  for (let f = 1; f < unknowns; f++) weights[f * columns + column] = from[at + f - 1]!;
  weights[column] = from[at + unknowns - 1]!;
}
