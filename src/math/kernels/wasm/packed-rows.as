import { chunkBytes, keeping, laneBytes, multiplying } from "./group";
import { addTotal, plus } from "./octets";

/** Four of eight columns as float32. */
@inline
function lower(eight: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight));
}

@inline
function upper(eight: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight));
}

/**
 * Multiplies four rows of int8 by the weights, to four doubles at `out`. Rows are packed in groups
 * of four, eight columns of each in turn; what they stand for is kept in that order at `floats`, as
 * float32, to be added without being unpacked again. `what` of the two is done is a constant.
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
  const end = lanes + laneBytes(columns);
  while (lanes < end) {
    const stop = min(lanes + chunkBytes, end);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    do {
      const u = v128.load(lanes);
      const v = v128.load(lanes, 16);
      let x = v128.load_ext<i8>(rows);
      let low = lower(x);
      let high = upper(x);
      if (what & keeping) {
        v128.store(floats, low);
        v128.store(floats, high, 16);
      }
      if (what & multiplying) a = plus(plus(a, low, u), high, v);
      x = v128.load_ext<i8>(rows, 8);
      low = lower(x);
      high = upper(x);
      if (what & keeping) {
        v128.store(floats, low, 32);
        v128.store(floats, high, 48);
      }
      if (what & multiplying) b = plus(plus(b, low, u), high, v);
      x = v128.load_ext<i8>(rows, 16);
      low = lower(x);
      high = upper(x);
      if (what & keeping) {
        v128.store(floats, low, 64);
        v128.store(floats, high, 80);
      }
      if (what & multiplying) c = plus(plus(c, low, u), high, v);
      x = v128.load_ext<i8>(rows, 24);
      low = lower(x);
      high = upper(x);
      if (what & keeping) {
        v128.store(floats, low, 96);
        v128.store(floats, high, 112);
      }
      if (what & multiplying) d = plus(plus(d, low, u), high, v);
      rows += 32;
      floats += 128;
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

/** Adds the four rows at `floats` times their float32 `factors` to the sums of the lanes. */
export function addUnpacked(floats: usize, lanes: usize, columns: i32, factors: usize): void {
  const e = v128.load32_splat(factors);
  const f = v128.load32_splat(factors, 4);
  const g = v128.load32_splat(factors, 8);
  const h = v128.load32_splat(factors, 12);
  for (const end = lanes + laneBytes(columns); lanes < end; lanes += 64) {
    let low = plus(v128.load(lanes, 32), v128.load(floats), e);
    let high = plus(v128.load(lanes, 48), v128.load(floats, 16), e);
    low = plus(low, v128.load(floats, 32), f);
    high = plus(high, v128.load(floats, 48), f);
    low = plus(low, v128.load(floats, 64), g);
    high = plus(high, v128.load(floats, 80), g);
    v128.store(lanes, plus(low, v128.load(floats, 96), h), 32);
    v128.store(lanes, plus(high, v128.load(floats, 112), h), 48);
    floats += 128;
  }
}
