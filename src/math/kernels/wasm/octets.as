/**
 * Eight neighbouring columns of a row as two vectors of float32. `T` is how the row is stored: f32,
 * u16 (bfloat16: the upper half of a float32) or i8. bfloat16 comes with its even columns first,
 * one operation each; weights and sums are kept in the same order, by `lane`.
 */
@inline
export function load<T>(at: usize): v128 {
  return sizeof<T>() == 1 ? v128.load_ext<i8>(at) : v128.load(at);
}

@inline
export function first<T>(loaded: v128): v128 {
  if (sizeof<T>() == 4) return loaded;
  if (sizeof<T>() == 2) return i32x4.shl(loaded, 16);
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(loaded));
}

/** `upper` is `upperHalves()`, made once: as a constant it would be made again at every use. */
@inline
export function second<T>(at: usize, loaded: v128, upper: v128): v128 {
  if (sizeof<T>() == 4) return v128.load(at, 16);
  if (sizeof<T>() == 2) return v128.and(loaded, upper);
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(loaded));
}

@inline
export function upperHalves(scratch: usize): v128 {
  store<u32>(scratch, 0xffff0000);
  return v128.load32_splat(scratch);
}

/** Which of its eight lanes holds column `k` of eight. */
@inline
export function lane<T>(k: i32): i32 {
  return sizeof<T>() == 2 ? (k >> 1) | ((k & 1) << 2) : k;
}

/**
 * What a pass over rows keeps for each eight columns, 64 bytes: eight weights, then eight sums in
 * float32. Where the columns are no multiple of eight, the last eight begin before the seven
 * before them ended: weights of columns that were had already are zero, their sums left alone.
 */
export function prepare<T>(lanes: usize, weights: usize, columns: i32): void {
  const count = (columns + 7) >> 3;
  memory.fill(lanes, 0, usize(count) << 6);
  for (let octet = 0; octet < count; octet++) {
    const start = min(octet << 3, columns - 8);
    for (let k = (octet << 3) - start; k < 8; k++) {
      const value = f32.load(weights + (usize(start + k) << 2));
      store<f32>(lanes + (usize(octet) << 6) + (lane<T>(k) << 2), value);
    }
  }
}

/** Adds the float32 sums to the double ones and begins them anew. */
export function flush<T>(lanes: usize, sums: usize, columns: i32): void {
  const zero = f32x4.splat(0);
  const full = columns >> 3;
  for (let octet = 0; octet < full; octet++) {
    const a = v128.load(lanes, 32);
    const b = v128.load(lanes, 48);
    const low = sizeof<T>() == 2 ? v128.shuffle<f32>(a, b, 0, 4, 1, 5) : a;
    const high = sizeof<T>() == 2 ? v128.shuffle<f32>(a, b, 2, 6, 3, 7) : b;
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(low)));
    v128.store(sums, f64x2.add(v128.load(sums, 16), upperTwo(low)), 16);
    v128.store(sums, f64x2.add(v128.load(sums, 32), f64x2.promote_low_f32x4(high)), 32);
    v128.store(sums, f64x2.add(v128.load(sums, 48), upperTwo(high)), 48);
    v128.store(lanes, zero, 32);
    v128.store(lanes, zero, 48);
    lanes += 64;
    sums += 64;
  }
  const left = columns & 7;
  for (let k = 8 - left; k < 8 && left > 0; k++) {
    const at = lanes + 32 + (lane<T>(k) << 2);
    store<f64>(sums, f64.load(sums) + f64(f32.load(at)));
    sums += 8;
  }
  if (left > 0) {
    v128.store(lanes, zero, 32);
    v128.store(lanes, zero, 48);
  }
}

/** The sum of four lanes in double precision. */
@inline
export function total(a: v128): f64 {
  const sum = f64x2.add(f64x2.promote_low_f32x4(a), upperTwo(a));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** a + x y, rounded twice: the fused operation differs from machine to machine. */
@inline
export function plus(a: v128, x: v128, y: v128): v128 {
  return f32x4.add(a, f32x4.mul(x, y));
}

@inline
function upperTwo(a: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(a, a, 2, 3, 2, 3));
}
