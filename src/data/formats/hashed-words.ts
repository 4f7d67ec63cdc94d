import { numberIn, truthOf } from "./cell.ts";
import type { Levels } from "./table.ts";

/**
 * MurmurHash3 (x86, 32 bits, seed 0) of a text's UTF-8, as FeatureHasher of scikit-learn takes it,
 * unsigned.
 */
export function murmur3(text: string): number {
  const bytes = Buffer.from(text, "utf8");
  const { length } = bytes;
  const blocks = length - (length % 4);
  let hash = 0;
  for (let at = 0; at < blocks; at += 4) {
    hash ^= scrambled(bytes.readUInt32LE(at));
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = length - 1; at >= blocks; at--) tail = (tail << 8) | bytes[at]!;
  if (length > blocks) hash ^= scrambled(tail);
  hash ^= length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scrambled(block: number): number {
  const product = Math.imul(block, 0xcc9e2d51);
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593);
}

/** The bucket of a word: one of `buckets`, whatever the format that it is written in. */
export function bucketOf(word: string, buckets: number): number {
  return murmur3(plainWord(word)) % buckets;
}

/**
 * A word without what formats spell differently: 1.0 is 1, and True is 1. Digits with leading
 * zeros, and whole numbers beyond what a double tells apart, are codes and stay as they are.
 */
function plainWord(word: string): string {
  const truth = truthOf(word);
  if (truth !== undefined) return String(truth);
  const number = numberIn(word);
  if (number === undefined || !Number.isFinite(number) || /^\s*[+-]?0\d/.test(word)) return word;
  const isCode = Number.isInteger(number) && !Number.isSafeInteger(number);
  return isCode ? word : String(number === 0 ? 0 : number);
}

/** Levels of a column whose words are hashed: the number of a level is its bucket. */
export function hashedLevels(buckets: number): Levels {
  const names = Array.from({ length: buckets }, (_, i) => String(i));
  return { names, ids: new Map(), max: null, find: (word) => bucketOf(word, buckets) };
}
