/**
 * What lanes of 128 bits can do at best with rows that are gone through once: each is loaded and
 * takes part in two products, by operations that round alike everywhere. No weights are loaded, no
 * sums stored, no losses taken: all of it stays in registers.
 */

/** Of float32, 16 columns at a time. */
export function floats(rows: usize, end: usize, rowBytes: usize, factor: f32): f32 {
  const u = f32x4.splat(factor);
  const v = f32x4.splat(factor * 0.5);
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  while (rows < end) {
    for (const stop = rows + rowBytes; rows < stop; rows += 64) {
      let x = v128.load(rows);
      a = plus(a, x, u);
      e = plus(e, x, v);
      x = v128.load(rows, 16);
      b = plus(b, x, u);
      f = plus(f, x, v);
      x = v128.load(rows, 32);
      c = plus(c, x, u);
      g = plus(g, x, v);
      x = v128.load(rows, 48);
      d = plus(d, x, u);
      h = plus(h, x, v);
    }
  }
  return total(a, b, c, d) + total(e, f, g, h);
}

/**
 * Of int8: made float32 once, 2^24 times as large, which takes the fewest operations and rounds
 * alike. Lanes of 32 bits hold four entries each.
 */
export function bytes(rows: usize, end: usize, rowBytes: usize, factor: f32): f32 {
  const u = f32x4.splat(factor);
  const v = f32x4.splat(factor * 0.5);
  // Read from memory: as a constant it would be made again at every use.
  store<u32>(mask, 0xff000000);
  const top = v128.load32_splat(mask);
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  while (rows < end) {
    for (const stop = rows + rowBytes; rows < stop; rows += 16) {
      const four = v128.load(rows);
      let x = f32x4.convert_i32x4_s(i32x4.shl(four, 24));
      a = plus(a, x, u);
      e = plus(e, x, v);
      x = f32x4.convert_i32x4_s(v128.and(i32x4.shl(four, 16), top));
      b = plus(b, x, u);
      f = plus(f, x, v);
      x = f32x4.convert_i32x4_s(v128.and(i32x4.shl(four, 8), top));
      c = plus(c, x, u);
      g = plus(g, x, v);
      x = f32x4.convert_i32x4_s(v128.and(four, top));
      d = plus(d, x, u);
      h = plus(h, x, v);
    }
  }
  return total(a, b, c, d) + total(e, f, g, h);
}

/** Below the rows: a word of its own. */
const mask: usize = 1024;

@inline
function plus(a: v128, x: v128, y: v128): v128 {
  return f32x4.add(a, f32x4.mul(x, y));
}

function total(a: v128, b: v128, c: v128, d: v128): f32 {
  const all = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  const pairs = f32x4.extract_lane(all, 0) + f32x4.extract_lane(all, 1);
  return pairs + f32x4.extract_lane(all, 2) + f32x4.extract_lane(all, 3);
}
