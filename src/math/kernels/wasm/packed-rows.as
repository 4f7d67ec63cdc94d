import { adding, chunkBytes, laneBytes, multiplying } from "./group";
import { addTotal, plus } from "./octets";

/** A row's next eight columns, the k-th of four rows: they stand side by side. */
@inline
function load<T>(at: usize, k: i32): v128 {
  if (sizeof<T>() == 2) {
    if (k == 0) return v128.load(at);
    if (k == 1) return v128.load(at, 16);
    if (k == 2) return v128.load(at, 32);
    return v128.load(at, 48);
  }
  if (k == 0) return v128.load_ext<i8>(at);
  if (k == 1) return v128.load_ext<i8>(at, 8);
  if (k == 2) return v128.load_ext<i8>(at, 16);
  return v128.load_ext<i8>(at, 24);
}

/** Four of the eight as float32: even columns of bfloat16, the first of int8. */
@inline
function first<T>(loaded: v128): v128 {
  if (sizeof<T>() == 2) return i32x4.shl(loaded, 16);
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(loaded));
}

@inline
function second<T>(loaded: v128, upper: v128): v128 {
  if (sizeof<T>() == 2) return v128.and(loaded, upper);
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(loaded));
}

/** As `plainGroup`, of rows that are packed in groups of four, eight columns of each in turn. */
@inline
export function packedGroup<T>(
  what: i32,
  next: usize,
  last: usize,
  lanes: usize,
  columns: i32,
  factors: usize,
  out: usize,
): void {
  // Read from memory: as a constant it would be made again at every use.
  store<u32>(factors, 0xffff0000, 16);
  const upper = v128.load32_splat(factors, 16);
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
        let x = load<T>(next, 0);
        a = plus(plus(a, first<T>(x), u), second<T>(x, upper), v);
        x = load<T>(next, 1);
        b = plus(plus(b, first<T>(x), u), second<T>(x, upper), v);
        x = load<T>(next, 2);
        c = plus(plus(c, first<T>(x), u), second<T>(x, upper), v);
        x = load<T>(next, 3);
        d = plus(plus(d, first<T>(x), u), second<T>(x, upper), v);
        next += 32 * sizeof<T>();
      }
      if (what & adding) {
        let x = load<T>(last, 0);
        let low = plus(v128.load(lanes, 32), first<T>(x), e);
        let high = plus(v128.load(lanes, 48), second<T>(x, upper), e);
        x = load<T>(last, 1);
        low = plus(low, first<T>(x), f);
        high = plus(high, second<T>(x, upper), f);
        x = load<T>(last, 2);
        low = plus(low, first<T>(x), g);
        high = plus(high, second<T>(x, upper), g);
        x = load<T>(last, 3);
        v128.store(lanes, plus(low, first<T>(x), h), 32);
        v128.store(lanes, plus(high, second<T>(x, upper), h), 48);
        last += 32 * sizeof<T>();
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
