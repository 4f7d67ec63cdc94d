/**
 * Numbers as text. Every value equals what JavaScript's `Number` makes of the same text, to the
 * bit: digits that make up an integer below 2^53, divided once by a power of ten that is exact.
 */
const powers: usize = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
  100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
]);

const digitsMax = 15;

/** Of the number that was parsed last. */
export let numberEnd: usize = 0;
let digitCount: i32 = 0;
let digits: u64 = 0;

/**
 * The plain decimal at `at`: a sign, digits, a point among them. `numberEnd` is where it ended, or
 * 0 where there is none or more than 15 digits: the caller asks somebody else. Reads up to 8 bytes
 * beyond the number.
 */
export function plainDecimal(at: usize): f64 {
  const isNegative = load<u8>(at) == 0x2d;
  let from = isNegative ? at + 1 : at;
  digits = 0;
  digitCount = 0;
  from = digitsFrom(from);
  let fraction = 0;
  if (load<u8>(from) == 0x2e) {
    const before = digitCount;
    from = digitsFrom(from + 1);
    fraction = digitCount - before;
  }
  if (digitCount == 0 || digitCount > digitsMax) {
    numberEnd = 0;
    return 0;
  }
  numberEnd = from;
  const value = f64(digits) / f64(load<u64>(powers + (usize(fraction) << 3)));
  return isNegative ? -value : value;
}

/**
 * The whole number at `at`, without a sign, of at most 15 digits; `numberEnd` as for decimals.
 */
export function wholeNumber(at: usize): u64 {
  digits = 0;
  digitCount = 0;
  const end = digitsFrom(at);
  numberEnd = digitCount == 0 || digitCount > digitsMax ? 0 : end;
  return digits;
}

/** Adds digits to those before, eight at a time. Returns where they end. */
function digitsFrom(at: usize): usize {
  let from = at;
  // More than fit: what they are worth is of no interest.
  while (digitCount <= 24) {
    const text = load<u64>(from) ^ 0x3030303030303030;
    const others = (text | (text + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0;
    const count = others == 0 ? 8 : i32(ctz(others) >> 3);
    if (count == 0) return from;
    const value = eightDigits(text << u64((8 - count) << 3));
    if (count < 8) {
      digits = digits * load<u64>(powers + (usize(count) << 3)) + value;
      digitCount += count;
      return from + usize(count);
    }
    digits = digits * 100000000 + value;
    digitCount += 8;
    from += 8;
  }
  return from;
}

/** What eight digits are worth, the first in the lowest byte. */
@inline
function eightDigits(bytes: u64): u64 {
  const pairs = (bytes * 2561) >> 8;
  const fours = ((pairs & 0x00ff00ff00ff00ff) * 6553601) >> 16;
  return ((fours & 0x0000ffff0000ffff) * 42949672960001) >> 32;
}
