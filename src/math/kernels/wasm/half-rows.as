import { adding, chunkBytes, laneBytes, multiplying } from "./group";
import { beginLoss, lossSum } from "./losses";
import { addTotal, flush, plus, prepare } from "./octets";
import { flushGroups, giveFactors, takeMargins } from "./slopes";
import { Task } from "./task";

/**
 * One stripe of rows of bfloat16, four at a time, as `denseStripe`: but the next four rows are
 * multiplied in the same go in which the last four, still in the cache, are added. They come from
 * memory one after another, and unpacking them costs an operation for four columns.
 */
export function halfStripe(task: Task, stripe: i32, lanes: usize, scratch: usize): void {
  const columns = task.columns;
  const from = stripe * task.stripeRows;
  const to = min(from + task.stripeRows, task.rows);
  const sums = task.sums + ((usize(stripe) * usize(columns)) << 3);
  const factors = scratch + 64;
  const groupBytes = usize((columns + 7) >> 3) << 6;
  prepare<u16>(lanes, task.weights, columns);
  memory.fill(sums, 0, usize(columns) << 3);
  beginLoss();
  let unflushed = 0;
  let rows = task.values + usize(from >> 2) * groupBytes;
  let last: usize = 0;
  for (let i = from; i < to; i += 4) {
    const count = min(4, to - i);
    v128.store(scratch, f64x2.splat(0));
    v128.store(scratch, f64x2.splat(0), 16);
    if (task.operation == 3) {
      giveFactors(task, i, count, factors);
      pairOfGroups(adding, rows, rows, lanes, columns, factors, scratch);
    } else {
      if (task.operation == 2 || last == 0)
        pairOfGroups(multiplying, rows, rows, lanes, columns, factors, scratch);
      else pairOfGroups(multiplying | adding, rows, last, lanes, columns, factors, scratch);
      takeMargins(task, i, count, scratch, factors);
    }
    if (++unflushed == flushGroups && task.operation != 2) {
      unflushed = 0;
      flush<u16>(lanes, sums, columns);
    }
    last = rows;
    rows += groupBytes;
  }
  if (task.operation < 2 && last != 0)
    pairOfGroups(adding, last, last, lanes, columns, factors, scratch);
  flush<u16>(lanes, sums, columns);
  f64.store(task.losses + (usize(stripe) << 3), lossSum);
}

/**
 * Multiplies the four rows at `next` by the weights, to four doubles at `out`, adds the four rows
 * at `last` times their float32 `factors` to the sums, or both; `what` is a constant. Rows are
 * packed in groups of four, eight columns of each in turn; even columns come first in the lanes.
 */
@inline
export function pairOfGroups(
  what: i32,
  next: usize,
  last: usize,
  lanes: usize,
  columns: i32,
  factors: usize,
  out: usize,
): void {
  // Read from memory: as a constant it would be made again at every use.
  store<u32>(factors, 0xffff0000, 32);
  const upper = v128.load32_splat(factors, 32);
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
  const end = lanes + laneBytes(columns);
  while (lanes < end) {
    const stop = min(lanes + chunkBytes, end);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    do {
      if (what & multiplying) {
        const u = v128.load(lanes);
        const v = v128.load(lanes, 16);
        let x = v128.load(next);
        a = plus(plus(a, i32x4.shl(x, 16), u), v128.and(x, upper), v);
        x = v128.load(next, 16);
        b = plus(plus(b, i32x4.shl(x, 16), u), v128.and(x, upper), v);
        x = v128.load(next, 32);
        c = plus(plus(c, i32x4.shl(x, 16), u), v128.and(x, upper), v);
        x = v128.load(next, 48);
        d = plus(plus(d, i32x4.shl(x, 16), u), v128.and(x, upper), v);
        next += 64;
      }
      if (what & adding) {
        let x = v128.load(last);
        let low = plus(v128.load(lanes, 32), i32x4.shl(x, 16), e);
        let high = plus(v128.load(lanes, 48), v128.and(x, upper), e);
        x = v128.load(last, 16);
        low = plus(low, i32x4.shl(x, 16), f);
        high = plus(high, v128.and(x, upper), f);
        x = v128.load(last, 32);
        low = plus(low, i32x4.shl(x, 16), g);
        high = plus(high, v128.and(x, upper), g);
        x = v128.load(last, 48);
        v128.store(lanes, plus(low, i32x4.shl(x, 16), h), 32);
        v128.store(lanes, plus(high, v128.and(x, upper), h), 48);
        last += 64;
      }
      lanes += 64;
    } while (lanes < stop);
    if (what & multiplying) {
      addTotal(out, a);
      addTotal(out + 8, b);
      addTotal(out + 16, c);
      addTotal(out + 24, d);
    }
  }
}
