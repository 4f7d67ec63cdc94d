import { careful, chunkBytes, keeping, laneBytes, multiplying } from "./group";
import { addTotal, plus } from "./octets";

/**
 * Rows of int8 are packed in groups of four, 16 columns of each in turn, every fourth of these side
 * by side in 32 bits; eight columns that are left over stand as they are. Unpacked they are 2^24
 * times as large, which takes fewer operations; what they are multiplied by is as much smaller, so
 * that products have the same bits.
 */
export const smaller: f32 = 5.9604644775390625e-8;

/** What is not below it is exact when it is made smaller. */
const least: f32 = 1.9721522630525295e-31;

/** Makes numbers smaller, by fours; false where one of them would lose bits, and none is. */
export function makeSmaller(at: usize, bytes: usize): bool {
  const end = at + bytes;
  let areExact = f32x4.eq(f32x4.splat(0), f32x4.splat(0));
  for (let here = at; here < end; here += 16) {
    const x = v128.load(here);
    const isTiny = f32x4.lt(f32x4.abs(x), f32x4.splat(least));
    areExact = v128.and(areExact, v128.or(v128.not(isTiny), f32x4.eq(x, f32x4.splat(0))));
  }
  if (!i32x4.all_true(areExact)) return false;
  shrink(at, bytes);
  return true;
}

/** Numbers made smaller, exact or not. */
export function shrink(at: usize, bytes: usize): void {
  for (const end = at + bytes; at < end; at += 16)
    v128.store(at, f32x4.mul(v128.load(at), f32x4.splat(smaller)));
}

/**
 * Multiplies four rows by the weights, to four doubles at `out`. What they are unpacked to is kept
 * at `floats`, in the columns' order, to be added without being unpacked again. `what` of the two
 * is done is a constant.
 */
@inline
export function unpackFour(
  what: i32,
  rows: usize,
  lanes: usize,
  columns: i32,
  floats: usize,
  out: usize,
): void {
  v128.store(out, f64x2.splat(0));
  v128.store(out, f64x2.splat(0), 16);
  const top = topBytes(out);
  const end = lanes + (laneBytes(columns) >> 1);
  while (lanes < end) {
    const stop = min(lanes + (chunkBytes >> 1), end);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    for (; lanes + 64 <= stop; lanes += 64) {
      const t = v128.load(lanes);
      const u = v128.load(lanes, 16);
      const v = v128.load(lanes, 32);
      const w = v128.load(lanes, 48);
      a = sixteen(what, a, rows, floats, t, u, v, w, top);
      b = sixteen(what, b, rows + 16, floats + 64, t, u, v, w, top);
      c = sixteen(what, c, rows + 32, floats + 128, t, u, v, w, top);
      d = sixteen(what, d, rows + 48, floats + 192, t, u, v, w, top);
      rows += 64;
      floats += 256;
    }
    if (lanes < stop) {
      const t = v128.load(lanes);
      const u = v128.load(lanes, 16);
      a = eight(what, a, rows, floats, t, u);
      b = eight(what, b, rows + 8, floats + 32, t, u);
      c = eight(what, c, rows + 16, floats + 64, t, u);
      d = eight(what, d, rows + 24, floats + 96, t, u);
      lanes += 32;
    }
    if (what & multiplying) {
      addTotal(out, a);
      addTotal(out + 8, b);
      addTotal(out + 16, c);
      addTotal(out + 24, d);
    }
  }
}

/** Read from memory: as a constant it would be made again at every use. */
@inline
function topBytes(room: usize): v128 {
  store<u32>(room, 0xff000000, 32);
  return v128.load32_splat(room, 32);
}

@inline
function sixteen(
  what: i32,
  a: v128,
  row: usize,
  floats: usize,
  t: v128,
  u: v128,
  v: v128,
  w: v128,
  top: v128,
): v128 {
  const all = v128.load(row);
  let x = entries(what, all, 0, top);
  if (what & keeping) v128.store(floats, x);
  a = plus(a, x, t);
  x = entries(what, all, 1, top);
  if (what & keeping) v128.store(floats, x, 16);
  a = plus(a, x, u);
  x = entries(what, all, 2, top);
  if (what & keeping) v128.store(floats, x, 32);
  a = plus(a, x, v);
  x = entries(what, all, 3, top);
  if (what & keeping) v128.store(floats, x, 48);
  return plus(a, x, w);
}

/** Of 16 columns four, from column `4 k` on. */
@inline
function entries(what: i32, sixteen: v128, k: i32, top: v128): v128 {
  const shifted = k == 3 ? sixteen : i32x4.shl(sixteen, 24 - 8 * k);
  const x = f32x4.convert_i32x4_s(k == 0 ? shifted : v128.and(shifted, top));
  return what & careful ? f32x4.mul(x, f32x4.splat(smaller)) : x;
}

@inline
function eight(what: i32, a: v128, row: usize, floats: usize, t: v128, u: v128): v128 {
  const low = lower(what, row);
  const high = upper(what, row);
  if (what & keeping) {
    v128.store(floats, low);
    v128.store(floats, high, 16);
  }
  return plus(plus(a, low, t), high, u);
}

/** Of eight columns four. */
@inline
function lower(what: i32, row: usize): v128 {
  const x = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v128.load_ext<i8>(row)));
  return what & careful ? x : f32x4.mul(x, f32x4.splat(1 / smaller));
}

@inline
function upper(what: i32, row: usize): v128 {
  const x = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v128.load_ext<i8>(row)));
  return what & careful ? x : f32x4.mul(x, f32x4.splat(1 / smaller));
}

/** Adds the four rows at `floats` times their float32 `factors` to the sums of the lanes. */
export function addUnpacked(floats: usize, lanes: usize, columns: i32, factors: usize): void {
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
  lanes += laneBytes(columns) >> 1;
  const end = lanes + (laneBytes(columns) >> 1);
  for (; lanes + 64 <= end; lanes += 64) {
    let s = plus(v128.load(lanes), v128.load(floats), e);
    let t = plus(v128.load(lanes, 16), v128.load(floats, 16), e);
    let u = plus(v128.load(lanes, 32), v128.load(floats, 32), e);
    let v = plus(v128.load(lanes, 48), v128.load(floats, 48), e);
    s = plus(s, v128.load(floats, 64), f);
    t = plus(t, v128.load(floats, 80), f);
    u = plus(u, v128.load(floats, 96), f);
    v = plus(v, v128.load(floats, 112), f);
    s = plus(s, v128.load(floats, 128), g);
    t = plus(t, v128.load(floats, 144), g);
    u = plus(u, v128.load(floats, 160), g);
    v = plus(v, v128.load(floats, 176), g);
    v128.store(lanes, plus(s, v128.load(floats, 192), h));
    v128.store(lanes, plus(t, v128.load(floats, 208), h), 16);
    v128.store(lanes, plus(u, v128.load(floats, 224), h), 32);
    v128.store(lanes, plus(v, v128.load(floats, 240), h), 48);
    floats += 256;
  }
  if (lanes == end) return;
  let t = plus(v128.load(lanes), v128.load(floats), e);
  let u = plus(v128.load(lanes, 16), v128.load(floats, 16), e);
  t = plus(plus(t, v128.load(floats, 32), f), v128.load(floats, 64), g);
  u = plus(plus(u, v128.load(floats, 48), f), v128.load(floats, 80), g);
  v128.store(lanes, plus(t, v128.load(floats, 96), h));
  v128.store(lanes, plus(u, v128.load(floats, 112), h), 16);
}

/** The same of packed rows, by smaller `factors`; behind these is room. */
export function addPacked(rows: usize, lanes: usize, columns: i32, factors: usize): void {
  const top = topBytes(factors);
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
  lanes += laneBytes(columns) >> 1;
  const end = lanes + (laneBytes(columns) >> 1);
  for (; lanes + 64 <= end; lanes += 64) {
    let all = v128.load(rows);
    let s = plus(v128.load(lanes), entries(0, all, 0, top), e);
    let t = plus(v128.load(lanes, 16), entries(0, all, 1, top), e);
    let u = plus(v128.load(lanes, 32), entries(0, all, 2, top), e);
    let v = plus(v128.load(lanes, 48), entries(0, all, 3, top), e);
    all = v128.load(rows, 16);
    s = plus(s, entries(0, all, 0, top), f);
    t = plus(t, entries(0, all, 1, top), f);
    u = plus(u, entries(0, all, 2, top), f);
    v = plus(v, entries(0, all, 3, top), f);
    all = v128.load(rows, 32);
    s = plus(s, entries(0, all, 0, top), g);
    t = plus(t, entries(0, all, 1, top), g);
    u = plus(u, entries(0, all, 2, top), g);
    v = plus(v, entries(0, all, 3, top), g);
    all = v128.load(rows, 48);
    v128.store(lanes, plus(s, entries(0, all, 0, top), h));
    v128.store(lanes, plus(t, entries(0, all, 1, top), h), 16);
    v128.store(lanes, plus(u, entries(0, all, 2, top), h), 32);
    v128.store(lanes, plus(v, entries(0, all, 3, top), h), 48);
    rows += 64;
  }
  if (lanes == end) return;
  let t = plus(v128.load(lanes), lower(0, rows), e);
  let u = plus(v128.load(lanes, 16), upper(0, rows), e);
  t = plus(plus(t, lower(0, rows + 8), f), lower(0, rows + 16), g);
  u = plus(plus(u, upper(0, rows + 8), f), upper(0, rows + 16), g);
  v128.store(lanes, plus(t, lower(0, rows + 24), h));
  v128.store(lanes, plus(u, upper(0, rows + 24), h), 16);
}
