import type { Random } from "../core/random.ts";

/**
 * Cuts rows of tokens into batches of like length: shortest first, each of as many rows as fit
 * when all are padded to its longest, rows times length at most `budget`. Rows as long stay in
 * `order`, which is that of the rows where absent. A row longer than the budget is a batch.
 */
export function tokenBatches(
  lengths: ArrayLike<number>,
  budget: number,
  order: Iterable<number> = Array.from(lengths, (_, row) => row),
): number[][] {
  const rows = [...order].sort((a, b) => lengths[a]! - lengths[b]!);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const row of rows) {
    // Ascending, so that this row is the longest so far.
    if (batch.length > 0 && (batch.length + 1) * lengths[row]! > budget) {
      batches.push(batch);
      batch = [];
    }
    batch.push(row);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** One of the batches that rows are cut into. */
export interface TokenBatch {
  readonly rows: readonly number[];
  /** How many there are in a pass over the rows. */
  readonly count: number;
}

/**
 * The batch of a step. Steps go through all batches in random order, then through others, cut
 * anew from rows of the same lengths: so that there are as many. `random` is the rows' own, the
 * same for every step.
 */
export function tokenBatchAt(
  lengths: ArrayLike<number>,
  budget: number,
  step: number,
  random: Random,
): TokenBatch {
  const count = tokenBatches(lengths, budget).length;
  if (count === 0) return { rows: [], count };
  const pass = random.fork(`pass/${Math.floor(step / count)}`);
  const order = pass.fork("rows").permutation(lengths.length);
  const sequence = pass.fork("batches").permutation(count);
  return { rows: tokenBatches(lengths, budget, order)[sequence[step % count]!]!, count };
}
