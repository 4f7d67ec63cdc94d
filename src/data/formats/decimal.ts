/** Exact in double precision, so a division by one of them is rounded once, as parsing is. */
export const powersOf10 = Float64Array.from({ length: 23 }, (_, power) => Number(`1e${power}`));

/**
 * The number written at `from` to `to` where it is a plain decimal of at most 15 digits; undefined
 * for any other text, number or not. Equals `Number(text)` to the bit.
 */
export function plainDecimal(bytes: Uint8Array, from: number, to: number): number | undefined {
  const negative = bytes[from] === 0x2d;
  let digits = 0;
  let count = 0;
  let point = -1;
  for (let at = negative ? from + 1 : from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x30 && byte <= 0x39) {
      digits = digits * 10 + (byte - 0x30);
      count++;
    } else if (byte === 0x2e && point < 0) point = at;
    else return undefined;
  }
  if (count === 0 || count > 15) return undefined;
  const value = point < 0 ? digits : digits / powersOf10[to - point - 1]!;
  return negative ? -value : value;
}
