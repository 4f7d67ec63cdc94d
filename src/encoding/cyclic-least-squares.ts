import type { CyclicCode } from "./cyclic-code.ts";

/**
 * The a, 0 but for `arrived`, with the least |B'a - 1|: by the normal equations (B_A B_A') a = B_A
 * 1 and two turns of refinement. Rows of B more than s slots apart have no part in common, so the
 * factor is kept from each row's first entry on: a band, and s full rows where the circle closes.
 * Needs independent rows: m - s slots at most, in ascending order.
 */
export function leastNormWeights(code: CyclicCode, arrived: readonly number[]): Float64Array {
  const rows = arrived.map((slot) => rowOf(code, slot));
  const factor = cholesky(code, arrived, rows);
  const weights = new Float64Array(code.slots);
  for (let turn = 0; turn < 3; turn++) {
    const rest = new Float64Array(code.slots).fill(1);
    for (const [i, slot] of arrived.entries())
      for (const [part, value] of rows[i]!) rest[part]! -= weights[slot]! * value;
    const right = Float64Array.from(rows, (row) => {
      let sum = 0;
      for (const [part, value] of row) sum += value * rest[part]!;
      return sum;
    });
    solveInPlace(factor, right);
    for (const [i, slot] of arrived.entries()) weights[slot]! += right[i]!;
  }
  return weights;
}

/** Part and coefficient. */
type SparseRow = ReadonlyMap<number, number>;

function rowOf({ slots, stragglers, coefficients }: CyclicCode, slot: number): SparseRow {
  const row = new Map<number, number>();
  for (let t = 0; t <= stragglers; t++)
    row.set((slot + t) % slots, coefficients[slot * (stragglers + 1) + t]!);
  return row;
}

/** Rows of a lower triangular factor, each from its first entry that may differ from 0. */
interface Envelope {
  readonly first: readonly number[];
  readonly rows: readonly Float64Array[];
}

function cholesky(
  { slots, stragglers }: CyclicCode,
  arrived: readonly number[],
  b: readonly SparseRow[],
): Envelope {
  const isNear = (i: number, j: number) => {
    const apart = Math.abs(arrived[i]! - arrived[j]!);
    return Math.min(apart, slots - apart) <= stragglers;
  };
  const first = arrived.map((_, i) => {
    let j = 0;
    while (!isNear(i, j)) j++;
    return j;
  });
  const rows: Float64Array[] = [];
  for (let i = 0; i < arrived.length; i++) {
    const start = first[i]!;
    const row = new Float64Array(i - start + 1);
    for (let j = start; j <= i; j++) {
      let sum = isNear(i, j) ? overlap(b[i]!, b[j]!) : 0;
      const other = j === i ? row : rows[j]!;
      const otherStart = first[j]!;
      for (let k = Math.max(start, otherStart); k < j; k++)
        sum -= row[k - start]! * other[k - otherStart]!;
      row[j - start] = j === i ? Math.sqrt(sum) : sum / other[j - otherStart]!;
    }
    rows.push(row);
  }
  return { first, rows };
}

function overlap(a: SparseRow, b: SparseRow): number {
  let sum = 0;
  for (const [part, value] of a) sum += value * (b.get(part) ?? 0);
  return sum;
}

/** L L' x = `right`, which becomes x. */
function solveInPlace({ first, rows }: Envelope, right: Float64Array): void {
  for (let i = 0; i < rows.length; i++) {
    const start = first[i]!;
    for (let k = start; k < i; k++) right[i]! -= rows[i]![k - start]! * right[k]!;
    right[i]! /= rows[i]![i - start]!;
  }
  for (let i = rows.length - 1; i >= 0; i--) {
    const start = first[i]!;
    right[i]! /= rows[i]![i - start]!;
    for (let k = start; k < i; k++) right[k]! -= rows[i]![k - start]! * right[i]!;
  }
}
