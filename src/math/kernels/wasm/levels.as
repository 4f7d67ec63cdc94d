/**
 * Rounds float32 values to whole multiples of 1 / `inverse` within -`most` to `most` and packs them
 * as unsigned numbers of `bits` bits, `most` added, lowest bits first. Halves go away from zero;
 * where there is a `dither`, a number of [0, 1) for each value, up or down by it. NaN becomes 0.
 */
export function packLevels(
  values: usize,
  length: i32,
  inverse: f64,
  bits: i32,
  dither: usize,
  out: usize,
): void {
  const most = f64((1 << (bits - 1)) - 1);
  let pending: u64 = 0;
  let filled = 0;
  for (let i = 0; i < length; i++) {
    const at = usize(i) << 2;
    const scaled = f64(f32.load(values + at)) * inverse;
    const level = dither == 0
      ? copysign<f64>(floor<f64>(abs(scaled) + 0.5), scaled)
      : floor<f64>(scaled + f64(f32.load(dither + at)));
    const bounded = level != level ? 0 : min(most, max(-most, level));
    pending |= u64(i32(bounded + most)) << filled;
    filled += bits;
    while (filled >= 8) {
      store<u8>(out++, u8(pending));
      pending >>= 8;
      filled -= 8;
    }
  }
  if (filled > 0) store<u8>(out, u8(pending));
}

/** What `packLevels` packed: levels times `unit`, as float32. */
export function unpackLevels(
  packed: usize,
  length: i32,
  unit: f64,
  bits: i32,
  out: usize,
): void {
  const most = (1 << (bits - 1)) - 1;
  const mask: u64 = (u64(1) << bits) - 1;
  let pending: u64 = 0;
  let filled = 0;
  for (let i = 0; i < length; i++) {
    while (filled < bits) {
      pending |= u64(load<u8>(packed++)) << filled;
      filled += 8;
    }
    f32.store(out + (usize(i) << 2), f32(f64(i32(pending & mask) - most) * unit));
    pending >>= bits;
    filled -= bits;
  }
}

/** The greatest magnitude that is finite, or 0. */
export function greatest(values: usize, length: i32): f32 {
  const infinity = f32x4.splat(Infinity);
  let most = f32x4.splat(0);
  const full = length & ~3;
  for (let i = 0; i < full; i += 4) {
    const magnitude = f32x4.abs(v128.load(values + (usize(i) << 2)));
    most = f32x4.pmax(most, v128.and(magnitude, f32x4.lt(magnitude, infinity)));
  }
  let found = max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  for (let i = full; i < length; i++) {
    const magnitude = abs(f32.load(values + (usize(i) << 2)));
    if (magnitude > found && magnitude < Infinity) found = magnitude;
  }
  return found;
}
