import type { Random } from "../core/random.ts";
import type { Vector } from "../math/vector.ts";

/**
 * How data rows become stored rows, S X, and how replies over stored rows add up again. Chunks of
 * rows are coded one after another, so data of any length stream through; S is block-diagonal over
 * chunks. Laws (tested over the registry): every stored row goes to exactly one slot; the share of
 * each slot is within one row a chunk of the others', or one run where rows are dealt in runs;
 * where `tight`, S'S = scale I and the weights of all slots together give the exact sum; the same
 * random stream gives the same code.
 */
export interface Encoding {
  /** Stored rows over data rows, as asked for. */
  readonly redundancy: number;
  /** A stored row combines several data rows: only losses quadratic in the prediction survive. */
  readonly mixes: boolean;
  /** S'S = scale I. */
  readonly tight: boolean;
  /**
   * Who forms stored rows: somebody before the run, or each worker its own from the data rows. Not
   * given: before the run, but of sparse rows that are to be mixed nobody does.
   */
  readonly encode?: Encode | undefined;
  /** Why this number of workers cannot be served, or null. */
  refusal(workers: number): string | null;
  /** c in S'S = cI, by trace(S'S)/n. */
  scale(workers: number): number;
  /** Data rows in a full chunk; the last chunk may have fewer. */
  chunkRows(workers: number): number;
  /** The code of one chunk of `rows` data rows. */
  chunk(index: number, rows: number, workers: number, random: Random): ChunkCode;
  /**
   * The weight of each arrived slot's sum, in the order given, so that the weighted total
   * estimates the sum over all data rows. `storedRows` are all slots' stored rows, `arrived` is
   * ascending and without repetition. Null where nothing can be said, or where the code would
   * rather wait for more slots than estimate; all slots together are always enough.
   */
  weights(arrived: readonly number[], storedRows: readonly number[], rows: number): number[] | null;
}

export type Encode = "ahead" | "workers";

/** One chunk's part of S: either copies of data rows or mixtures of them. */
export type ChunkCode = CopyingCode | MixingCode;

export interface CopyingCode {
  readonly kind: "copies";
  /** The data row (within the chunk) that stored row j repeats. */
  readonly source: Uint32Array;
  /** The slot that stored row j goes to. */
  readonly slots: Uint16Array;
  /** What stored row j counts in its slot's sums; 1 where absent. */
  readonly weights?: Float32Array;
}

export interface MixingCode {
  readonly kind: "mixtures";
  readonly slots: Uint16Array;
  /**
   * `out` = S_chunk `values`: row-major, `slots.length` by `columns`, from rows by `columns`. Sums
   * are in double precision and rounded once, to `out`'s. `out` is overwritten and must not overlap
   * `values`.
   */
  encode(values: Vector, columns: number, out: Vector): void;
  /** The data rows that stored row j mixes; every one of the chunk where absent. */
  readonly sources?: (stored: number) => Iterable<number>;
}

/**
 * Deals `count` things to `slots` slots at random: each run of `slots` things goes to every slot
 * once, in fresh random order, so shares differ by one at most.
 */
export function assignSlots(count: number, slots: number, random: Random): Uint16Array {
  const dealt = new Uint16Array(count);
  for (let start = 0; start < count; start += slots) {
    const order = random.permutation(slots);
    const end = Math.min(slots, count - start);
    for (let j = 0; j < end; j++) dealt[start + j] = order[j]!;
  }
  return dealt;
}
