import { multiply } from "../math/products.ts";
import type { DenseRows, Examples } from "../math/rows.ts";

/** The sum of losses at predictions; `slopes`, where there are any, become its derivative. */
export type LossOfPredictions = (
  predictions: Float64Array<ArrayBuffer>,
  targets: Float32Array,
  slopes?: Float64Array<ArrayBuffer>,
) => number;

/** Small dense shards of many slots, copied side by side: one memory to go through, in order. */
export interface BatchedShards {
  readonly rows: DenseRows;
  /** Those of all members, one after another. */
  readonly predictions: Float64Array<ArrayBuffer>;
  readonly members: readonly Member[];
}

/** One shard's rows of a crowd, and room for what is worked out about them. */
interface Member {
  readonly firstRow: number;
  readonly endRow: number;
  readonly targets: Float32Array;
  readonly predictions: Float64Array<ArrayBuffer>;
  readonly slopes: Float64Array<ArrayBuffer>;
}

/** Sums of many shards, a place each: a loss, and as many numbers of a gradient as weights. */
export interface BatchedSums {
  readonly losses: Float64Array;
  /** As replies hold them: rounded to float32. */
  readonly gradients: Float32Array<ArrayBuffer>;
}

/** Above so many numbers the work on a shard is more than the ado of getting to it. */
const entriesMax = 512;

/** Null where these shards are better gone through one by one, or can not be put together. */
export function batchShards(shards: readonly Examples[]): BatchedShards | null {
  const columns = shards[0]?.rows.columns ?? 0;
  let count = 0;
  for (const { rows, weights, mixture } of shards) {
    const isPlain = rows.kind === "dense" && weights === undefined && mixture === undefined;
    if (!isPlain || rows.columns !== columns || rows.rows * columns > entriesMax) return null;
    count += rows.rows;
  }
  const values = new Float32Array(count * columns);
  const targets = new Float32Array(count);
  const predictions = new Float64Array(count);
  const slopes = new Float64Array(count);
  let firstRow = 0;
  const members = shards.map((shard): Member => {
    const endRow = firstRow + shard.rows.rows;
    values.set(shard.rows.values, firstRow * columns);
    targets.set(shard.targets, firstRow);
    const member = {
      firstRow,
      endRow,
      targets: targets.subarray(firstRow, endRow),
      predictions: predictions.subarray(firstRow, endRow),
      slopes: slopes.subarray(firstRow, endRow),
    };
    firstRow = endRow;
    return member;
  });
  return { rows: { kind: "dense", rows: count, columns, values }, predictions, members };
}

/**
 * What `lossAndGradient` of a loss over linear predictions makes of each shard at `weights`, to the
 * last bit: `out` is overwritten. One output.
 */
export function batchedSums(
  lossAt: LossOfPredictions,
  { rows, predictions: all, members }: BatchedShards,
  weights: Float32Array,
  { losses, gradients }: BatchedSums,
): void {
  const { columns, values } = rows;
  const sum = new Float64Array(columns);
  multiply(rows, weights, all);
  for (let at = 0; at < members.length; at++) {
    const { firstRow, endRow, targets, predictions, slopes } = members[at]!;
    losses[at] = lossAt(predictions, targets, slopes);
    for (let j = 0; j < columns; j++) sum[j] = 0;
    for (let i = firstRow; i < endRow; i++) {
      const factor = slopes[i - firstRow]!;
      if (factor === 0) continue;
      const row = i * columns;
      for (let j = 0; j < columns; j++) sum[j]! += values[row + j]! * factor;
    }
    const first = at * columns;
    for (let j = 0; j < columns; j++) gradients[first + j] = sum[j]!;
  }
}
