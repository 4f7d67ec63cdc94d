/**
 * Rows of a table by their ids, one after another; 0, and nothing is written, where an id is none
 * of its rows.
 */
export function gatherFloatRows(
  ids: usize,
  count: i32,
  table: usize,
  rows: u32,
  columns: i32,
  out: usize,
): i32 {
  const bytes = usize(columns) << 2;
  const end = ids + (usize(count) << 2);
  for (let at = ids; at < end; at += 4) if (load<u32>(at) >= rows) return 0;
  for (let at = ids; at < end; at += 4) {
    copyRow(out, table + usize(load<u32>(at)) * bytes, bytes);
    out += bytes;
  }
  return 1;
}

/** Each of so many rows as often as there are copies, one after another. */
export function repeatFloatRows(x: usize, rows: i32, copies: i32, columns: i32, out: usize): void {
  const bytes = usize(columns) << 2;
  if (columns == 1) {
    repeatNumbers(x, rows, copies, out);
    return;
  }
  for (let row = 0; row < rows; row++) {
    for (let copy = 0; copy < copies; copy++) {
      copyRow(out, x, bytes);
      out += bytes;
    }
    x += bytes;
  }
}

function repeatNumbers(x: usize, rows: i32, copies: i32, out: usize): void {
  for (const end = x + (usize(rows) << 2); x < end; x += 4) {
    const value = v128.load32_splat(x);
    const stop = out + (usize(copies) << 2);
    for (; out + 16 <= stop; out += 16) v128.store(out, value);
    for (; out < stop; out += 4) v128.store32_lane(out, value, 0);
  }
}

/**
 * Rows of so many bytes from where four strides, in bytes, lead to, one after another: axes in
 * another order, the last of which stays.
 */
export function orderFloatRows(
  x: usize,
  a: i32,
  aStride: usize,
  b: i32,
  bStride: usize,
  c: i32,
  cStride: usize,
  d: i32,
  dStride: usize,
  bytes: usize,
  out: usize,
): void {
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++) {
        let from = x + usize(i) * aStride + usize(j) * bStride + usize(k) * cStride;
        for (let l = 0; l < d; l++, from += dStride, out += bytes) copyRow(out, from, bytes);
      }
}

/**
 * Of [outer, terms, columns] the sums over the terms, one after another from zero on, each over
 * `divisor`: which is 1 for sums.
 */
export function sumFloatRows(
  x: usize,
  outer: i32,
  terms: i32,
  columns: i32,
  divisor: f32,
  out: usize,
): void {
  const bytes = usize(columns) << 2;
  const by = f32x4.splat(divisor);
  for (let row = 0; row < outer; row++) {
    let at: usize = 0;
    for (; at + 64 <= bytes; at += 64) {
      let a = f32x4.splat(0), b = a, c = a, d = a;
      let from = x + at;
      for (let term = 0; term < terms; term++) {
        a = f32x4.add(a, v128.load(from));
        b = f32x4.add(b, v128.load(from, 16));
        c = f32x4.add(c, v128.load(from, 32));
        d = f32x4.add(d, v128.load(from, 48));
        from += bytes;
      }
      v128.store(out + at, f32x4.div(a, by));
      v128.store(out + at, f32x4.div(b, by), 16);
      v128.store(out + at, f32x4.div(c, by), 32);
      v128.store(out + at, f32x4.div(d, by), 48);
    }
    for (; at < bytes; at += 4) {
      let sum: f32 = 0;
      let from = x + at;
      for (let term = 0; term < terms; term++) {
        sum += f32.load(from);
        from += bytes;
      }
      f32.store(out + at, sum / divisor);
    }
    x += bytes * usize(terms);
    out += bytes;
  }
}

/** [outer, a, b] of rows as [outer, b, a]. */
export function swapFloatRows(
  x: usize,
  outer: i32,
  a: i32,
  b: i32,
  columns: i32,
  out: usize,
): void {
  const bytes = usize(columns) << 2;
  const stride = usize(b) * bytes;
  for (let i = 0; i < outer; i++) {
    for (let second = 0; second < b; second++) {
      let from = x + usize(second) * bytes;
      const end = out + usize(a) * bytes;
      if (columns == 1) {
        for (; out < end; out += 4) {
          store<u32>(out, load<u32>(from));
          from += stride;
        }
      } else {
        for (; out < end; out += bytes) {
          copyRow(out, from, bytes);
          from += stride;
        }
      }
    }
    x += usize(a) * stride;
  }
}

@inline
function copyRow(to: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    v128.store(to + at, v128.load(from + at));
    v128.store(to + at, v128.load(from + at, 16), 16);
    v128.store(to + at, v128.load(from + at, 32), 32);
    v128.store(to + at, v128.load(from + at, 48), 48);
  }
  for (; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));
}

/** Slopes where the number was above zero, and times zero where it was not. */
export function rectifiedSlopes(x: usize, slopes: usize, length: i32, out: usize): void {
  const end = out + (usize(length) << 2);
  const one = f32x4.splat(1);
  for (; out + 16 <= end; out += 16, x += 16, slopes += 16) {
    const isAbove = f32x4.gt(v128.load(x), f32x4.splat(0));
    v128.store(out, f32x4.mul(v128.load(slopes), v128.and(isAbove, one)));
  }
  for (; out < end; out += 4, x += 4, slopes += 4)
    f32.store(out, f32.load(slopes) * (f32.load(x) > 0 ? <f32>1 : <f32>0));
}
