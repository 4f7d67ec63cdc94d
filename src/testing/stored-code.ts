import { randomFrom } from "../core/random.ts";
import type { ChunkCode, Encoding } from "../encoding/encoding.ts";
import { type DenseMatrix, matrix, product, row } from "./dense.ts";

/** A data set's whole code: S with the slot of each of its rows. */
export interface StoredCode {
  readonly s: DenseMatrix;
  readonly slots: readonly number[];
  /** What each of its rows counts in sums over its slot. */
  readonly weights: readonly number[];
  /** Stored rows of every slot. */
  readonly shares: readonly number[];
  /** The same counts within each chunk. */
  readonly sharesByChunk: readonly (readonly number[])[];
}

/** S for `rows` data rows, column by column: what is stored for each unit vector. */
export function storedCode(
  encoding: Encoding,
  rows: number,
  workers: number,
  seed: number | string = 1,
): StoredCode {
  const root = randomFrom(seed);
  const size = encoding.chunkRows(workers);
  const blocks: { from: number; block: DenseMatrix }[] = [];
  const slots: number[] = [];
  const weights: number[] = [];
  const sharesByChunk: number[][] = [];
  for (let from = 0, index = 0; from < rows; from += size, index++) {
    const held = Math.min(size, rows - from);
    const code = encoding.chunk(index, held, workers, root.fork(`chunk/${index}`));
    blocks.push({ from, block: chunkMatrix(code, held) });
    slots.push(...code.slots);
    weights.push(...weightsOf(code));
    sharesByChunk.push(countBySlot(code.slots, workers));
  }
  const s = matrix(slots.length, rows);
  let at = 0;
  for (const { from, block } of blocks)
    for (let i = 0; i < block.rows; i++) row(s, at++).set(row(block, i), from);
  return { s, slots, weights, shares: countBySlot(slots, workers), sharesByChunk };
}

/** One for each stored row. */
function weightsOf(code: ChunkCode): Iterable<number> {
  return (code.kind === "copies" ? code.weights : undefined) ?? code.slots.map(() => 1);
}

/** The chunk's part of S, for so many data rows. */
export function chunkMatrix(code: ChunkCode, rows: number): DenseMatrix {
  return encodedChunk(
    code,
    matrix(rows, rows, (i, j) => (i === j ? 1 : 0)),
  );
}

/** What a chunk stores for X. */
export function encodedChunk(code: ChunkCode, x: DenseMatrix): DenseMatrix {
  const out = matrix(code.slots.length, x.columns);
  if (code.kind === "mixtures") code.encode(x.values, x.columns, out.values);
  else for (const [i, source] of code.source.entries()) row(out, i).set(row(x, source));
  return out;
}

/**
 * For each slot S_i' W_i S_i X: the sum over the slot's stored rows that stands for a gradient's,
 * since every gradient of a quadratic is linear in it. One matrix a slot.
 */
export function sumsBySlot(code: StoredCode, x: DenseMatrix): DenseMatrix[] {
  const stored = product(code.s, x);
  const sums = code.shares.map(() => matrix(x.rows, x.columns));
  for (const [i, slot] of code.slots.entries()) {
    const factors = row(code.s, i);
    for (let r = 0; r < x.rows; r++) {
      const factor = factors[r]! * code.weights[i]!;
      if (factor === 0) continue;
      const target = row(sums[slot]!, r);
      for (let j = 0; j < x.columns; j++) target[j]! += factor * row(stored, i)[j]!;
    }
  }
  return sums;
}

/** Every way to choose `count` of 0..of-1, each ascending. */
export function subsets(of: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (count > of) return [];
  return [
    ...subsets(of - 1, count),
    ...subsets(of - 1, count - 1).map((chosen) => [...chosen, of - 1]),
  ];
}

function countBySlot(slots: ArrayLike<number>, workers: number): number[] {
  const counts = Array<number>(workers).fill(0);
  for (const slot of Array.from(slots)) counts[slot]!++;
  return counts;
}
