/**
 * Numbers in one byte, as parts of octaves: 2^((code - 192) / 8), and zero for code 0. They are
 * from 2^-23.9 to 2^7.9, each at most `log8Error` away from what they stand for.
 */
const unity = 192;

/** Half a step, relatively: 2^(1/16) - 1. */
export const log8Error = 2 ** (1 / 16) - 1;

/** The nearest code of what is not negative; null where it is out of range. */
export function toLog8(value: number): number | null {
  if (value === 0) return 0;
  const code = unity + Math.round(8 * Math.log2(value));
  return code >= 1 && code <= 255 ? code : null;
}

const root = Math.sqrt(2);
const fourth = Math.sqrt(root);
const eighth = Math.sqrt(fourth);

/** By square roots, which are the same on every machine. */
export function fromLog8(code: number): number {
  if (code === 0) return 0;
  const part = code % 8;
  const octave = 2 ** ((code - part - unity) / 8);
  const mantissa = (part & 4 ? root : 1) * (part & 2 ? fourth : 1) * (part & 1 ? eighth : 1);
  return Math.fround(octave * mantissa);
}
