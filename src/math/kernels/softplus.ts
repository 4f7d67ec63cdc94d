import { assert } from "../../core/errors.ts";
import { firstFree, type Instance, instantiate } from "./instance.ts";

/** So many rows are handed over at once. */
const rowsAtOnce = 2_048;
/** Of steps at once. */
export const softplusStepsMax = 64;

const steps = firstFree;
const sums = steps + 8 * softplusStepsMax;
const margins = sums + 8 * softplusStepsMax;
const changes = margins + 8 * rowsAtOnce;
const targets = changes + 8 * rowsAtOnce;
const end = targets + 4 * rowsAtOnce;

/** Fewer rows are done sooner than they are handed over. */
export const softplusRowsMin = 256;

/**
 * For each step the sum over rows of log(1 + exp(z)) - t z at z = margin + step * change: bit for
 * bit what `Math.exp` and `Math.log1p` give, added in the rows' order.
 */
export function softplusSumsAlong(
  rows: { readonly margins: Float64Array; readonly changes: Float64Array },
  rowTargets: Float32Array,
  stepSizes: Float64Array,
): Float64Array<ArrayBuffer> {
  assert(stepSizes.length <= softplusStepsMax, "no more steps than there is room for");
  const { memory, kernels } = scratch();
  const pairs = Math.ceil(stepSizes.length / 2);
  new Float64Array(memory, steps, 2 * pairs).fill(0).set(stepSizes);
  new Float64Array(memory, sums, 2 * pairs).fill(0);
  const count = rows.margins.length;
  for (let from = 0; from < count; from += rowsAtOnce) {
    const to = Math.min(count, from + rowsAtOnce);
    new Float64Array(memory, margins, to - from).set(rows.margins.subarray(from, to));
    new Float64Array(memory, changes, to - from).set(rows.changes.subarray(from, to));
    new Float32Array(memory, targets, to - from).set(rowTargets.subarray(from, to));
    kernels.lossesAlong(margins, changes, targets, to - from, steps, pairs, sums);
  }
  return Float64Array.from(new Float64Array(memory, sums, stepSizes.length));
}

/** The same at the margins as they are. */
export function softplusSum(rowMargins: Float64Array, rowTargets: Float32Array): number {
  return sumOfBlocks(rowMargins, rowTargets, ({ kernels }, count, sum) =>
    kernels.lossesAt(margins, targets, count, sum),
  );
}

/** The same; `slopes`, as long as the margins, is overwritten with each loss's slope. */
export function softplusSlopes(
  rowMargins: Float64Array,
  rowTargets: Float32Array,
  slopes: Float64Array,
): number {
  return sumOfBlocks(rowMargins, rowTargets, ({ memory, kernels }, count, sum, from) => {
    const after = kernels.lossesAndSlopesAt(margins, targets, changes, count, sum);
    slopes.set(new Float64Array(memory, changes, count), from);
    return after;
  });
}

type Block = (room: ReturnType<typeof scratch>, count: number, sum: number, from: number) => number;

/** Block by block, in the rows' order: `add` finds a block's margins and targets in the room. */
function sumOfBlocks(rowMargins: Float64Array, rowTargets: Float32Array, add: Block): number {
  const room = scratch();
  let sum = 0;
  for (let from = 0; from < rowMargins.length; from += rowsAtOnce) {
    const to = Math.min(rowMargins.length, from + rowsAtOnce);
    new Float64Array(room.memory, margins, to - from).set(rowMargins.subarray(from, to));
    new Float32Array(room.memory, targets, to - from).set(rowTargets.subarray(from, to));
    sum = add(room, to - from, sum, from);
  }
  return sum;
}

let kept: Instance | undefined;

function scratch(): Instance {
  kept ??= instantiate(end);
  return kept;
}
