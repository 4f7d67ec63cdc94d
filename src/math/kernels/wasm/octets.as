import { laneBytes } from "./group";

/**
 * What a pass over dense rows keeps for each eight columns, 64 bytes: eight weights, then eight
 * sums in float32. `T` is how the rows are stored: f32, u16 (bfloat16, the upper half of a
 * float32) or i8. Of f32 and i8 the weights of all columns come first, then the sums of all: rows
 * come slower from memory beside lines of which every other half is passed over. Of bfloat16 even
 * columns come before odd ones, an operation each to unpack; `lane` says where a column's weight
 * and sum are.
 */
@inline
function lane<T>(k: i32): i32 {
  return sizeof<T>() == 2 ? (k >> 1) | ((k & 1) << 2) : k;
}

/**
 * The column in the first of eight lanes. Rows of float32 are as long as they are: where that is no
 * multiple of eight, their last eight lanes begin before the ones before them ended. Packed rows
 * are filled up with zeros instead.
 */
@inline
function firstColumn<T>(octet: i32, columns: i32): i32 {
  return sizeof<T>() == 4 ? min(octet << 3, columns - 8) : octet << 3;
}

/** From eight weights, or sums, to the next. */
@inline
function step<T>(): usize {
  return sizeof<T>() == 2 ? 64 : 32;
}

/** Weights to their lanes; 0 for columns that were had before, or that are none. */
export function prepare<T>(lanes: usize, weights: usize, columns: i32): void {
  const count = (columns + 7) >> 3;
  memory.fill(lanes, 0, usize(count) << 6);
  for (let octet = 0; octet < count; octet++) {
    const first = firstColumn<T>(octet, columns);
    const end = min(8, columns - first);
    for (let k = (octet << 3) - first; k < end; k++) {
      const weight = f32.load(weights + (usize(first + k) << 2));
      f32.store(lanes + usize(octet) * step<T>() + (usize(lane<T>(k)) << 2), weight);
    }
  }
}

/** Adds the float32 sums to the double ones, and begins them anew. */
export function flush<T>(lanes: usize, sums: usize, columns: i32): void {
  const full = columns >> 3;
  lanes += sizeof<T>() == 2 ? 32 : laneBytes(columns) >> 1;
  for (let octet = 0; octet < full; octet++) {
    const a = v128.load(lanes);
    const b = v128.load(lanes, 16);
    const low = sizeof<T>() == 2 ? v128.shuffle<f32>(a, b, 0, 4, 1, 5) : a;
    const high = sizeof<T>() == 2 ? v128.shuffle<f32>(a, b, 2, 6, 3, 7) : b;
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(low)));
    v128.store(sums, f64x2.add(v128.load(sums, 16), upperTwo(low)), 16);
    v128.store(sums, f64x2.add(v128.load(sums, 32), f64x2.promote_low_f32x4(high)), 32);
    v128.store(sums, f64x2.add(v128.load(sums, 48), upperTwo(high)), 48);
    forget(lanes);
    lanes += step<T>();
    sums += 64;
  }
  if ((columns & 7) == 0) return;
  const first = firstColumn<T>(full, columns);
  for (let k = (full << 3) - first; k < columns - first; k++) {
    const sum = f32.load(lanes + (usize(lane<T>(k)) << 2));
    f64.store(sums, f64.load(sums) + f64(sum));
    sums += 8;
  }
  forget(lanes);
}

@inline
function forget(lanes: usize): void {
  v128.store(lanes, f32x4.splat(0));
  v128.store(lanes, f32x4.splat(0), 16);
}

/** Adds the four lanes of a float32 sum to the double at `out`. */
@inline
export function addTotal(out: usize, a: v128): void {
  const sum = f64x2.add(f64x2.promote_low_f32x4(a), upperTwo(a));
  f64.store(out, f64.load(out) + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)));
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
