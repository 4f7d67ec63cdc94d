import { multiplyAndAdd } from "./fused";
import { beginLoss, lossSum, slopeAt } from "./losses";
import { flush, prepare } from "./octets";
import { addRows, multiplyRows } from "./rows";
import { Task } from "./task";

/** Groups of four rows whose sums stay in float32. */
const flushGroups: i32 = 8;

/**
 * One stripe of rows, four at a time: products with the weights, slopes, and the rows times their
 * slopes added up. `lanes` has 64 bytes for each eight columns, `scratch` 128.
 */
export function denseStripe<T>(task: Task, stripe: i32, lanes: usize, scratch: usize): void {
  const columns = task.columns;
  const stride = task.stride;
  const from = stripe * task.stripeRows;
  const to = min(from + task.stripeRows, task.rows);
  const sums = task.sums + ((usize(stripe) * usize(columns)) << 3);
  const factors = scratch + 64;
  prepare<T>(lanes, task.weights, columns);
  memory.fill(sums, 0, usize(columns) << 3);
  beginLoss();
  let group = 0;
  let rows = task.values + usize(from) * stride;
  let last: usize = 0;
  for (let i = from; i < to; i += 4) {
    const count = min(4, to - i);
    if (task.operation == 3) {
      giveFactors(task, i, count, factors);
      addRows<T>(rows, count, stride, lanes, columns, factors);
    } else if (task.operation == 2 || last == 0) {
      multiplyRows<T>(rows, count, stride, lanes, columns, scratch);
      takeMargins(task, i, count, scratch, factors);
    } else {
      multiplyAndAdd<T>(rows, count, last, stride, lanes, columns, factors, scratch);
      takeMargins(task, i, count, scratch, factors);
    }
    if (++group == flushGroups && task.operation != 2) {
      group = 0;
      flush<T>(lanes, sums, columns);
    }
    last = rows;
    rows += stride << 2;
  }
  if (task.operation < 2 && last != 0)
    addRows<T>(last, ((to - from - 1) & 3) + 1, stride, lanes, columns, factors);
  flush<T>(lanes, sums, columns);
  f64.store(task.losses + (usize(stripe) << 3), lossSum);
}

/** From the margins of four rows to their factors; those that are not there get 0. */
function takeMargins(task: Task, i: i32, count: i32, margins: usize, factors: usize): void {
  v128.store(factors, f32x4.splat(0));
  for (let k = 0; k < count; k++) {
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
