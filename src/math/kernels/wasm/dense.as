import { careful, keeping, laneBytes, multiplying } from "./group";
import { beginLoss, lossSum } from "./losses";
import { flush, prepare } from "./octets";
import { addPacked, addUnpacked, makeSmaller, shrink, unpackFour } from "./packed-rows";
import { addFour, multiplyEight, multiplyFour } from "./plain-rows";
import { flushGroups, giveFactors, takeMargins } from "./slopes";
import { Task } from "./task";

/** Of the machine. */
const pageBytes: i32 = 4096;
/** Of int8 weights are not made smaller. */
let isCareful: bool = false;
/** So many entries are still in a cache when they are gone through again. */
const cached: i64 = 1048576;

/**
 * One stripe of rows, a few at a time: products with the weights, slopes, and the rows, still in
 * the cache, times their slopes added up. `lanes` has 64 bytes for each eight columns, of int8
 * rows 192, `scratch` 128.
 */
export function denseStripe<T>(task: Task, stripe: i32, lanes: usize, scratch: usize): void {
  const columns = task.columns;
  const from = stripe * task.stripeRows;
  const to = min(from + task.stripeRows, task.rows);
  const sums = task.sums + ((usize(stripe) * usize(columns)) << 3);
  const factors = scratch + 64;
  prepare<T>(lanes, task.weights, columns);
  if (sizeof<T>() == 1) isCareful = !makeSmaller(lanes, laneBytes(columns) >> 1);
  memory.fill(sums, 0, usize(columns) << 3);
  beginLoss();
  // Of a fused pass the first sums are of seven groups: recorded runs rest on that.
  let unflushed = task.operation == 3 ? 0 : 1;
  let rows = task.values + usize(from >> 2) * groupBytes<T>(task);
  const isLarge = i64(task.rows) * i64(columns) >= cached;
  const isShort = sizeof<T>() == 4 && columns < pageBytes >> 2 && isLarge;
  const most = sizeof<T>() == 4 && (!isShort || columns <= 128) ? 8 : 4;
  for (let i = from; i < to; ) {
    const count = to - i >= most ? most : min(4, to - i);
    if (isShort) readOnce(rows, usize(count * columns) << 2, scratch);
    multiply<T>(task, rows, count, lanes, scratch);
    if (task.operation == 3) giveFactors(task, i, count, factors);
    else takeMargins(task, i, count, scratch, factors);
    i += count;
    if (sizeof<T>() == 4 && !isShort && to - i >= 8)
      askForPages(rows + (groupBytes<T>(task) << 1), usize(columns) << 5);
    for (let k = 0; k < count; k += 4) {
      if (task.operation != 2)
        add<T>(task, rows, min(4, count - k), lanes, factors + (usize(k) << 2));
      rows += groupBytes<T>(task);
      if (++unflushed == flushGroups && task.operation != 2) {
        unflushed = 0;
        flush<T>(lanes, sums, columns);
      }
    }
  }
  flush<T>(lanes, sums, columns);
  f64.store(task.losses + (usize(stripe) << 3), lossSum);
}

/**
 * Asks for one line of each page of the rows that come next, while those before are added: a line
 * in the middle, from which the rest of the page comes by itself. More of them would keep the
 * additions waiting, as what is loaded for nothing still takes its turn.
 */
@inline
function askForPages(rows: usize, bytes: usize): void {
  for (let at = rows + (pageBytes >> 1), end = rows + bytes; at < end; at += pageBytes) load<u8>(at);
}

/**
 * Reads rows one after another before several of them are gone through side by side: where these
 * are shorter than a page the machine does not foresee what is asked for next.
 */
function readOnce(rows: usize, bytes: usize, out: usize): void {
  let all = i32x4.splat(0);
  for (const end = rows + (bytes & ~63); rows < end; rows += 64)
    all = v128.or(all, v128.or(v128.load(rows), v128.load(rows, 32)));
  v128.store(out, all);
}

/** From a group of four rows to the next. */
@inline
function groupBytes<T>(task: Task): usize {
  if (sizeof<T>() == 4) return usize(task.columns) << 4;
  return usize((task.columns + 7) >> 3) << 5;
}

/** Products with the weights, where they are asked for; what is packed is unpacked. */
@inline
function multiply<T>(task: Task, rows: usize, count: i32, lanes: usize, out: usize): void {
  const columns = task.columns;
  if (sizeof<T>() == 4) {
    const stride = usize(columns) << 2;
    if (task.operation == 3) return;
    if (count == 8) multiplyEight(rows, stride, lanes, columns, out);
    else multiplyFour(rows, count, stride, lanes, columns, out);
  } else {
    const floats = lanes + laneBytes(columns);
    if (task.operation == 3) return;
    if (isCareful) unpackFour(multiplying | keeping | careful, rows, lanes, columns, floats, out);
    else if (task.operation == 2) unpackFour(multiplying, rows, lanes, columns, floats, out);
    else multiplyAndKeep(rows, lanes, columns, floats, out);
  }
}

/** A function of its own: beside the others it would be folded together with one of them. */
function multiplyAndKeep(rows: usize, lanes: usize, columns: i32, floats: usize, out: usize): void {
  unpackFour(multiplying | keeping, rows, lanes, columns, floats, out);
}

/** One to four rows times their factors to the lanes' sums. */
@inline
function add<T>(task: Task, rows: usize, count: i32, lanes: usize, factors: usize): void {
  const columns = task.columns;
  if (sizeof<T>() == 4) addFour(rows, count, usize(columns) << 2, lanes, columns, factors);
  else if (task.operation == 3) addBytes(rows, lanes, columns, factors);
  else addKept(lanes, columns, factors);
}

/** Four rows of int8 times their factors, which are made smaller if that is exact. */
function addBytes(rows: usize, lanes: usize, columns: i32, factors: usize): void {
  if (makeSmaller(factors, 16)) {
    addPacked(rows, lanes, columns, factors);
    return;
  }
  const floats = lanes + laneBytes(columns);
  unpackFour(keeping | careful, rows, lanes, columns, floats, factors + 16);
  addUnpacked(floats, lanes, columns, factors);
}

/** The same of four rows that were kept when they were multiplied. */
function addKept(lanes: usize, columns: i32, factors: usize): void {
  const floats = lanes + laneBytes(columns);
  if (!isCareful && !makeSmaller(factors, 16)) shrink(floats, laneBytes(columns) << 1);
  addUnpacked(floats, lanes, columns, factors);
}
