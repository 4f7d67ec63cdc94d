import { type ByteReader, type ByteWriter, refusePayload } from "./bits.ts";

/**
 * Golomb-Rice codes of small integers: v as floor(v / 2^b) ones, a zero, and the lowest b bits of
 * v. For gaps between random positions it is within 1.5 % of the entropy (Golomb, 1966).
 */
export interface RiceChoice {
  readonly b: number;
  /** What all of them take with this b. */
  readonly bits: number;
}

const bMax = 31;

/** The b that makes these values shortest; of equals the lower. */
export function bestRice(values: Uint32Array): RiceChoice {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = values.length === 0 ? 0 : sum / values.length;
  // Sums of floors are convex in b up to rounding: from the mean's b, down and then up.
  const start = Math.min(bMax, Math.max(0, Math.floor(Math.log2((mean + 1) * Math.LN2))));
  let best = { b: start, bits: riceBits(values, start) };
  for (let b = start - 1; b >= 0; b--) {
    const bits = riceBits(values, b);
    if (bits > best.bits) break;
    best = { b, bits };
  }
  for (let b = start + 1; b <= bMax; b++) {
    const bits = riceBits(values, b);
    if (bits >= best.bits) break;
    best = { b, bits };
  }
  return best;
}

export function riceBits(values: Uint32Array, b: number): number {
  let bits = values.length * (1 + b);
  for (let i = 0; i < values.length; i++) bits += values[i]! >>> b;
  return bits;
}

export function writeRice(writer: ByteWriter, values: Uint32Array, b: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const ones = value >>> b;
    // Most codes are short: one call for all their bits.
    if (ones + 1 + b <= 16) {
      writer.bits(((2 ** (ones + 1) - 2) << b) | (value & (2 ** b - 1)), ones + 1 + b);
    } else {
      writer.unary(ones);
      writer.bits(b === 0 ? 0 : value & (2 ** b - 1), b);
    }
  }
}

/** Refuses values of `below` and more. */
export function readRice(
  reader: ByteReader,
  count: number,
  b: number,
  below: number,
): Uint32Array<ArrayBuffer> {
  const values = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const value = reader.unary() * 2 ** b + reader.bits(b);
    if (value >= below) refusePayload("a value is too large");
    values[i] = value;
  }
  return values;
}

/** The numbers of places left out before each of the ascending positions. */
export function gapsOf(positions: Uint32Array): Uint32Array<ArrayBuffer> {
  const gaps = new Uint32Array(positions.length);
  let next = 0;
  for (let i = 0; i < gaps.length; i++) {
    gaps[i] = positions[i]! - next;
    next = positions[i]! + 1;
  }
  return gaps;
}

/** Undoes `gapsOf`. Refuses positions of `length` and more. */
export function positionsOf(
  gaps: Uint32Array<ArrayBuffer>,
  length: number,
): Uint32Array<ArrayBuffer> {
  let next = 0;
  for (let i = 0; i < gaps.length; i++) {
    next += gaps[i]!;
    if (next >= length) refusePayload("a position is too large");
    gaps[i] = next++;
  }
  return gaps;
}

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
