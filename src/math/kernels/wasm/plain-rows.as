import { chunkBytes, laneBytes } from "./group";
import { addTotal, plus } from "./octets";

/**
 * Multiplies eight float32 rows by the weights, to eight doubles at `out`. Rows from memory that no
 * cache has come quicker by eights than by fours, as each row may be a page of its own.
 */
export function multiplyEight(
  rows: usize,
  stride: usize,
  lanes: usize,
  columns: i32,
  out: usize,
): void {
  let p = rows;
  let q = p + (stride << 2);
  const two = stride << 1;
  const three = stride + two;
  v128.store(out, f64x2.splat(0));
  v128.store(out, f64x2.splat(0), 16);
  v128.store(out, f64x2.splat(0), 32);
  v128.store(out, f64x2.splat(0), 48);
  const full = lanes + (usize(columns >> 3) << 5);
  const end = lanes + (laneBytes(columns) >> 1);
  while (lanes < end) {
    let stop = min(lanes + (chunkBytes >> 1), full);
    if (lanes == full) {
      const back = usize(8 - (columns & 7)) << 2;
      p -= back;
      q -= back;
      stop = end;
    }
    let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    // Whole lines of the cache at once: of rows that are multiples of 4 KiB apart the same columns
    // compete for its places, and what is left of a line may be gone when it is asked for.
    for (; lanes + 64 <= stop; lanes += 64) {
      const t = v128.load(lanes);
      const u = v128.load(lanes, 16);
      const v = v128.load(lanes, 32);
      const w = v128.load(lanes, 48);
      a = plusSixteen(a, p, t, u, v, w);
      b = plusSixteen(b, p + stride, t, u, v, w);
      c = plusSixteen(c, p + two, t, u, v, w);
      d = plusSixteen(d, p + three, t, u, v, w);
      e = plusSixteen(e, q, t, u, v, w);
      f = plusSixteen(f, q + stride, t, u, v, w);
      g = plusSixteen(g, q + two, t, u, v, w);
      h = plusSixteen(h, q + three, t, u, v, w);
      p += 64;
      q += 64;
    }
    for (; lanes < stop; lanes += 32) {
      const t = v128.load(lanes);
      const u = v128.load(lanes, 16);
      a = plusEight(a, p, t, u);
      b = plusEight(b, p + stride, t, u);
      c = plusEight(c, p + two, t, u);
      d = plusEight(d, p + three, t, u);
      e = plusEight(e, q, t, u);
      f = plusEight(f, q + stride, t, u);
      g = plusEight(g, q + two, t, u);
      h = plusEight(h, q + three, t, u);
      p += 32;
      q += 32;
    }
    addTotal(out, a);
    addTotal(out + 8, b);
    addTotal(out + 16, c);
    addTotal(out + 24, d);
    addTotal(out + 32, e);
    addTotal(out + 40, f);
    addTotal(out + 48, g);
    addTotal(out + 56, h);
  }
}

/** The same of one to four rows, to four doubles; of fewer the last is repeated. */
export function multiplyFour(
  rows: usize,
  count: i32,
  stride: usize,
  lanes: usize,
  columns: i32,
  out: usize,
): void {
  let p = rows;
  let q = count > 1 ? p + stride : p;
  let r = count > 2 ? q + stride : q;
  let s = count > 3 ? r + stride : r;
  v128.store(out, f64x2.splat(0));
  v128.store(out, f64x2.splat(0), 16);
  const full = lanes + (usize(columns >> 3) << 5);
  const end = lanes + (laneBytes(columns) >> 1);
  while (lanes < end) {
    let stop = min(lanes + (chunkBytes >> 1), full);
    if (lanes == full) {
      const back = usize(8 - (columns & 7)) << 2;
      p -= back;
      q -= back;
      r -= back;
      s -= back;
      stop = end;
    }
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (; lanes + 64 <= stop; lanes += 64) {
      const t = v128.load(lanes);
      const u = v128.load(lanes, 16);
      const v = v128.load(lanes, 32);
      const w = v128.load(lanes, 48);
      a = plusSixteen(a, p, t, u, v, w);
      b = plusSixteen(b, q, t, u, v, w);
      c = plusSixteen(c, r, t, u, v, w);
      d = plusSixteen(d, s, t, u, v, w);
      p += 64;
      q += 64;
      r += 64;
      s += 64;
    }
    for (; lanes < stop; lanes += 32) {
      const t = v128.load(lanes);
      const u = v128.load(lanes, 16);
      a = plusEight(a, p, t, u);
      b = plusEight(b, q, t, u);
      c = plusEight(c, r, t, u);
      d = plusEight(d, s, t, u);
      p += 32;
      q += 32;
      r += 32;
      s += 32;
    }
    addTotal(out, a);
    addTotal(out + 8, b);
    addTotal(out + 16, c);
    addTotal(out + 24, d);
  }
}

/**
 * Adds one to four rows times their float32 `factors` to the sums of the lanes. Of fewer than four
 * the last is repeated, its factor 0.
 */
export function addFour(
  rows: usize,
  count: i32,
  stride: usize,
  lanes: usize,
  columns: i32,
  factors: usize,
): void {
  lanes += laneBytes(columns) >> 1;
  let p = rows;
  let q = count > 1 ? p + stride : p;
  let r = count > 2 ? q + stride : q;
  let s = count > 3 ? r + stride : r;
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
  const full = lanes + (usize(columns >> 3) << 5);
  for (; lanes + 64 <= full; lanes += 64) {
    let t = plus(v128.load(lanes), v128.load(p), e);
    let u = plus(v128.load(lanes, 16), v128.load(p, 16), e);
    let v = plus(v128.load(lanes, 32), v128.load(p, 32), e);
    let w = plus(v128.load(lanes, 48), v128.load(p, 48), e);
    t = plus(t, v128.load(q), f);
    u = plus(u, v128.load(q, 16), f);
    v = plus(v, v128.load(q, 32), f);
    w = plus(w, v128.load(q, 48), f);
    t = plus(t, v128.load(r), g);
    u = plus(u, v128.load(r, 16), g);
    v = plus(v, v128.load(r, 32), g);
    w = plus(w, v128.load(r, 48), g);
    v128.store(lanes, plus(t, v128.load(s), h));
    v128.store(lanes, plus(u, v128.load(s, 16), h), 16);
    v128.store(lanes, plus(v, v128.load(s, 32), h), 32);
    v128.store(lanes, plus(w, v128.load(s, 48), h), 48);
    p += 64;
    q += 64;
    r += 64;
    s += 64;
  }
  for (const end = full + (columns & 7 ? 32 : 0); lanes < end; lanes += 32) {
    const back = lanes == full ? usize(8 - (columns & 7)) << 2 : 0;
    p -= back;
    q -= back;
    r -= back;
    s -= back;
    let t = plus(v128.load(lanes), v128.load(p), e);
    let u = plus(v128.load(lanes, 16), v128.load(p, 16), e);
    t = plus(plus(t, v128.load(q), f), v128.load(r), g);
    u = plus(plus(u, v128.load(q, 16), f), v128.load(r, 16), g);
    v128.store(lanes, plus(t, v128.load(s), h));
    v128.store(lanes, plus(u, v128.load(s, 16), h), 16);
    p += 32;
    q += 32;
    r += 32;
    s += 32;
  }
}

@inline
function plusSixteen(a: v128, p: usize, t: v128, u: v128, v: v128, w: v128): v128 {
  const half = plusEight(a, p, t, u);
  return plus(plus(half, v128.load(p, 32), v), v128.load(p, 48), w);
}

@inline
function plusEight(a: v128, p: usize, t: v128, u: v128): v128 {
  return plus(plus(a, v128.load(p), t), v128.load(p, 16), u);
}
