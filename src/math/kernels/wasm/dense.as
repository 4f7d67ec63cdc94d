import { adding, multiplying } from "./group";
import { beginLoss, logisticSlopesAt, lossSum, slopeAt } from "./losses";
import { flush, prepare } from "./octets";
import { packedGroup } from "./packed-rows";
import { plainGroup } from "./plain-rows";
import { Task } from "./task";

/** Groups of four rows whose sums stay in float32. */
const flushGroups: i32 = 8;

/**
 * One stripe of rows, four at a time: products with the weights, slopes, and the rows times their
 * slopes added up. `lanes` has 64 bytes for each eight columns, `scratch` 128.
 */
export function denseStripe<T>(task: Task, stripe: i32, lanes: usize, scratch: usize): void {
  const columns = task.columns;
  const from = stripe * task.stripeRows;
  const to = min(from + task.stripeRows, task.rows);
  const sums = task.sums + ((usize(stripe) * usize(columns)) << 3);
  const factors = scratch + 64;
  prepare<T>(lanes, task.weights, columns);
  memory.fill(sums, 0, usize(columns) << 3);
  beginLoss();
  let unflushed = 0;
  let rows = task.values + usize(from >> 2) * groupBytes<T>(task);
  let last: usize = 0;
  for (let i = from; i < to; i += 4) {
    const count = min(4, to - i);
    v128.store(scratch, f64x2.splat(0));
    v128.store(scratch, f64x2.splat(0), 16);
    if (task.operation == 3) {
      giveFactors(task, i, count, factors);
      group<T>(task, adding, rows, count, rows, count, lanes, factors, scratch);
    } else {
      if (task.operation == 2 || last == 0)
        group<T>(task, multiplying, rows, count, rows, count, lanes, factors, scratch);
      else group<T>(task, multiplying | adding, rows, count, last, 4, lanes, factors, scratch);
      takeMargins(task, i, count, scratch, factors);
    }
    if (++unflushed == flushGroups && task.operation != 2) {
      unflushed = 0;
      flush<T>(lanes, sums, columns);
    }
    last = rows;
    rows += groupBytes<T>(task);
  }
  if (task.operation < 2 && last != 0) {
    const count = ((to - from - 1) & 3) + 1;
    group<T>(task, adding, last, count, last, count, lanes, factors, scratch);
  }
  flush<T>(lanes, sums, columns);
  f64.store(task.losses + (usize(stripe) << 3), lossSum);
}

/** From a group of four rows to the next. */
@inline
function groupBytes<T>(task: Task): usize {
  if (sizeof<T>() == 4) return usize(task.columns) << 4;
  return (usize((task.columns + 7) >> 3) << 5) * sizeof<T>();
}

@inline
function group<T>(
  task: Task,
  what: i32,
  next: usize,
  nextCount: i32,
  last: usize,
  lastCount: i32,
  lanes: usize,
  factors: usize,
  out: usize,
): void {
  const columns = task.columns;
  if (sizeof<T>() == 4) {
    const stride = usize(columns) << 2;
    plainGroup(what, next, nextCount, last, lastCount, stride, lanes, columns, factors, out);
  } else {
    packedGroup<T>(what, next, last, lanes, columns, factors, out);
  }
}

/** From the margins of four rows to their factors; those that are not there get 0. */
function takeMargins(task: Task, i: i32, count: i32, margins: usize, factors: usize): void {
  v128.store(factors, f32x4.splat(0));
  let k = 0;
  if (task.operation == 1) {
    for (; k + 1 < count; k += 2) {
      const scale = f64x2.splat(scaleAt(task, i + k));
      const scales = f64x2.replace_lane(scale, 1, scaleAt(task, i + k + 1));
      const pair = f64x2.mul(scales, v128.load(margins + (usize(k) << 3)));
      const both = f64x2.mul(scales, logisticSlopesAt(task, i + k, pair));
      v128.store64_lane(factors + (usize(k) << 2), f32x4.demote_f64x2_zero(both), 0);
    }
  }
  for (; k < count; k++) {
    const scale = scaleAt(task, i + k);
    const slope = slopeAt(task, i + k, scale * f64.load(margins + (usize(k) << 3)));
    f32.store(factors + (usize(k) << 2), f32(scale * slope));
  }
}

function giveFactors(task: Task, i: i32, count: i32, factors: usize): void {
  v128.store(factors, f32x4.splat(0));
  for (let k = 0; k < count; k++) {
    const factor = f64.load(task.margins + (usize(i + k) << 3));
    f32.store(factors + (usize(k) << 2), f32(scaleAt(task, i + k) * factor));
  }
}

function scaleAt(task: Task, i: i32): f64 {
  return task.scales == 0 ? 1 : f64(f32.load(task.scales + (usize(i) << 2)));
}
