/** Two digits of 11 bits and one of 9 make up the 31 bits of a magnitude. */
const counters: usize = 2048;

/**
 * Writes the indices, ascending, of the `count` float32 values of greatest magnitude to `out`, of
 * equals those of lower index; NaN is greater than all. A count of leading bits finds those that
 * may be among them, usually few, which `candidates` (`length` indices) keeps; `counts` has 8 KiB.
 */
export function selectLargest(
  values: usize,
  length: i32,
  count: i32,
  out: usize,
  candidates: usize,
  counts: usize,
): void {
  memory.fill(counts, 0, counters << 2);
  for (let i = 0; i < length; i++) tally(counts, magnitudeAt(values, i) >>> 20);
  let wanted = count;
  let digit = digitOf(counts, wanted);
  wanted -= above(counts, digit);
  let found = 0;
  for (let i = 0; i < length; i++) {
    if (magnitudeAt(values, i) >>> 20 != digit) continue;
    store<i32>(candidates + (usize(found++) << 2), i);
  }
  // Of what begins with these bits `wanted` are to be taken.
  let bits = digit;
  for (let shift = 9; shift >= 0; shift -= 9) {
    const mask: u32 = shift == 9 ? 2047 : 511;
    memory.fill(counts, 0, counters << 2);
    for (let c = 0; c < found; c++) {
      const magnitude = magnitudeAt(values, load<i32>(candidates + (usize(c) << 2)));
      if (magnitude >>> (shift == 9 ? 20 : 9) == bits) tally(counts, (magnitude >>> shift) & mask);
    }
    digit = digitOf(counts, wanted);
    wanted -= above(counts, digit);
    bits = (bits << (shift == 9 ? 11 : 9)) | digit;
  }
  let taken = 0;
  for (let i = 0; i < length; i++) {
    const magnitude = magnitudeAt(values, i);
    if (magnitude < bits || (magnitude == bits && wanted-- <= 0)) continue;
    store<i32>(out + (usize(taken++) << 2), i);
  }
}

/** Ordered as magnitudes are, NaN of any kind last. */
@inline
function magnitudeAt(values: usize, i: i32): u32 {
  const magnitude = load<u32>(values + (usize(i) << 2)) & 0x7fffffff;
  return min(magnitude, 0x7f800001);
}

@inline
function tally(counts: usize, digit: u32): void {
  const at = counts + (usize(digit) << 2);
  store<i32>(at, load<i32>(at) + 1);
}

/** The digit at which the greatest `wanted` end. */
function digitOf(counts: usize, wanted: i32): u32 {
  let digit = u32(counters);
  for (let seen = 0; seen < wanted; ) seen += load<i32>(counts + (usize(--digit) << 2));
  return digit;
}

/** How many have a greater digit. */
function above(counts: usize, digit: u32): i32 {
  let seen = 0;
  for (let other = digit + 1; other < u32(counters); other++)
    seen += load<i32>(counts + (usize(other) << 2));
  return seen;
}
