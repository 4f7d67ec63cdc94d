import { createCipheriv, createHmac } from "node:crypto";
import { assert } from "../../core/errors.ts";
import { freshBytes } from "../../core/fresh-random.ts";

/** Uniform bits that nobody can guess. The exact samplers draw from nothing else. */
export interface SecretBits {
  /** 32 of them, as an integer from 0 to 2^32 - 1. */
  word(): number;
  /** The words that come next, at least so many, valid up to the next call of any. */
  unread(least: number): Uint32Array;
  /** Takes so many of those. */
  skip(count: number): void;
}

/** How long a secret is. */
export const secretBytes = 32;

/** A secret from the operating system: what private noise is keyed by, never the run's seed. */
export function newSecret(): Uint8Array {
  return freshBytes(secretBytes);
}

/**
 * The secret's bits for one use, the same at every call: a retry repeats its noise instead of
 * releasing twice. `use` must name everything that the noise hides, such as run, round, node, data
 * version and parameters: the same bits under two values would show their difference.
 */
export function secretBits(secret: Uint8Array, use: string): SecretBits {
  assert(secret.length === secretBytes, `a secret has ${secretBytes} bytes`);
  // A key of its own for each use, and AES in counter mode from it: a stream with no end in sight.
  const key = createHmac("sha256", secret).update(use).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  let words = new Uint32Array(0);
  let at = 0;
  let end = 0;
  let bytes = 256;
  const addBlock = () => {
    const stream = cipher.update(zeros.subarray(0, bytes));
    const left = end - at;
    if (words.byteLength < 4 * left + bytes) {
      const more = new Uint32Array(left + bytes / 2);
      more.set(words.subarray(at, end));
      words = more;
    } else words.copyWithin(0, at, end);
    new Uint8Array(words.buffer, 4 * left, bytes).set(stream);
    [at, end] = [0, left + bytes / 4];
    // A short message needs little; a long one is drawn in blocks.
    bytes = Math.min(blockBytesMax, 2 * bytes);
  };
  return {
    word() {
      if (at === end) addBlock();
      return words[at++]!;
    },
    unread(least) {
      while (end - at < least) addBlock();
      return words.subarray(at, end);
    },
    skip(count) {
      assert(count <= end - at, "words are skipped that were seen");
      at += count;
    },
  };
}

const blockBytesMax = 64 * 1024;
const zeros = Buffer.alloc(blockBytesMax);

/**
 * Standard normal numbers for a secret mixture (Box and Muller), two at a time. They are doubles,
 * so they may hide nothing by themselves: what is made of them is rounded to a public grid.
 */
export function secretNormals(bits: SecretBits): () => number {
  let kept: number | null = null;
  return () => {
    if (kept !== null) {
      const second = kept;
      kept = null;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(unit(bits)));
    const angle = 2 * Math.PI * unit(bits);
    kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Uniform in (0, 1), 53 bits, neither end. */
function unit(bits: SecretBits): number {
  return ((bits.word() >>> 5) * 2 ** 27 + (bits.word() >>> 5) + 0.5) / 2 ** 54;
}

/** The rate that coins of 32 bits have: never below what was asked. */
export function coinRate(rate: number): number {
  return Math.min(1, Math.ceil(rate * 2 ** 32) / 2 ** 32);
}

/**
 * A Poisson batch: each record by a coin of its own, whatever the others do. The coins are the
 * secret's: accounts that count on the sampling hold only against those who do not know it.
 */
export function poissonBatch(records: number, rate: number, bits: SecretBits): number[] {
  const limit = coinRate(rate) * 2 ** 32;
  const chosen: number[] = [];
  for (let record = 0; record < records; record++)
    if (rate === 1 || bits.word() < limit) chosen.push(record);
  return chosen;
}

/**
 * Random allocation: the records whose step of the epoch is this one, each of which is in exactly
 * one step, drawn uniformly and by itself. All steps of an epoch take the same bits.
 */
export function allocatedBatch(
  records: number,
  { epoch, step }: { readonly epoch: number; readonly step: number },
  bits: SecretBits,
): number[] {
  // Words beyond would make some steps likelier than others.
  const limit = Math.floor(2 ** 32 / epoch) * epoch;
  const chosen: number[] = [];
  for (let record = 0; record < records; record++) {
    let word = bits.word();
    while (word >= limit) word = bits.word();
    if (word % epoch === step) chosen.push(record);
  }
  return chosen;
}

/**
 * Of the records that coins chose, those with the `cap` least of secret numbers, one for each of
 * all `records` places: uniform over choices of so many. One record more or less changes one other
 * at most. The input is left alone.
 */
export function truncatedBatch(
  chosen: readonly number[],
  cap: number,
  records: number,
  bits: SecretBits,
): readonly number[] {
  if (chosen.length <= cap) return chosen;
  const ranks = Float64Array.from({ length: records }, () => bits.word());
  // So that next to no two are equal, of which the first in place would be taken.
  for (let record = 0; record < records; record++) ranks[record]! += bits.word() / 2 ** 32;
  const byRank = [...chosen].sort((a, b) => ranks[a]! - ranks[b]! || a - b);
  return byRank.slice(0, cap).sort((a, b) => a - b);
}
