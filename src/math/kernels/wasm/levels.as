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
      ? Math.floor(abs(scaled) + 0.5) * (scaled < 0 ? -1 : 1)
      : Math.floor(scaled + f64(f32.load(dither + at)));
    const bounded = level != level ? 0 : min(most, max(-most, level));
    pending |= u64(bounded + most) << filled;
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
