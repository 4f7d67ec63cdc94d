import { createCipheriv, createHmac } from "node:crypto";
import { assert, RunError } from "../../core/errors.ts";
import {
  type KeyPair,
  keyPairOf,
  pairSecret,
  publicKeyBytes,
  seal,
  sealBytes,
  unseal,
} from "./pair-keys.ts";

/**
 * A sum of which nobody learns the parts. A party adds, modulo 2^64, streams of secret bits to its
 * numbers, and shares their seeds out among a committee: for each set of `tolerated` members a
 * seed that all but those know (replicated sharing, Cramer, Damgard and Ishai, 2005). So members
 * that many know one seed too few of every party, and of the others any `needed` know all. They
 * tell no seed, but what the streams of the parties that count add up to. A party need not know who
 * else takes part, nor in which sum it will count: one that is late can count in a later one.
 */
export interface Committee {
  readonly size: CommitteeSize;
  /** So many members together learn nothing but sums. */
  readonly tolerated: number;
  /** So many members suffice to take the masks off a sum. */
  readonly needed: number;
  /** Below this a sum would tell too much of a party to members who are parties themselves. */
  readonly leastParties: number;
  /** By seed: the members who do not know it. */
  readonly ignorant: readonly (readonly number[])[];
}

export const committeeSizes = [3, 5] as const;

export type CommitteeSize = (typeof committeeSizes)[number];

export function committeeOf(size: CommitteeSize): Committee {
  const tolerated = (size - 1) / 2;
  const leastParties = tolerated + 2;
  const ignorant = subsets(size, tolerated);
  return { size, tolerated, needed: size - tolerated, leastParties, ignorant };
}

/** All sets of so many of the numbers below n. */
function subsets(n: number, count: number): number[][] {
  if (count === 0) return [[]];
  if (n < count) return [];
  const without = subsets(n - 1, count);
  return [...without, ...subsets(n - 1, count - 1).map((some) => [...some, n - 1])];
}

/** The seeds that a member knows, by their places. */
export function seedsOf({ ignorant }: Committee, member: number): number[] {
  return ignorant.flatMap((some, place) => (some.includes(member) ? [] : [place]));
}

const seedBytes = 32;

/** A public key for this once, and a sealed box of seeds for each member. */
export function sharesBytes(committee: Committee): number {
  return publicKeyBytes + committee.size * boxBytes(committee);
}

function boxBytes(committee: Committee): number {
  return seedBytes * seedsOf(committee, 0).length + sealBytes;
}

/** Of a party's shares what one member is to see. */
export function sharesFor(committee: Committee, shares: Uint8Array, member: number): Uint8Array {
  const from = publicKeyBytes + member * boxBytes(committee);
  const box = shares.subarray(from, from + boxBytes(committee));
  return Buffer.concat([shares.subarray(0, publicKeyBytes), box]);
}

export function memberShareBytes(committee: Committee): number {
  return publicKeyBytes + boxBytes(committee);
}

/** A member's pair for a whole run: of its secret, so that any of its environments has it. */
export function memberKeys(secret: Uint8Array): KeyPair {
  return keyPairOf(secret, "secure sum, member");
}

/** What a party masks by. */
export interface Masking {
  readonly secret: Uint8Array;
  /** Names everything that the numbers hang on: two sets of numbers under one mask would show. */
  readonly use: string;
  /** What a member must name to open its box, such as run, round and slot. */
  readonly purpose: string;
  readonly committee: Committee;
  /** The members' public keys, one after another. */
  readonly keys: Uint8Array;
}

/** Numbers modulo 2^64: the low and the high half of each, one after the other. */
export type Words = Uint32Array<ArrayBuffer>;

export interface MaskedNumbers {
  readonly words: Words;
  readonly shares: Uint8Array<ArrayBuffer>;
}

/** Whole numbers under masks: uniform to whoever does not know every seed. */
export function maskedNumbers(
  values: Float64Array,
  parties: number,
  { secret, use, purpose, committee, keys }: Masking,
): MaskedNumbers {
  const words = wordsOf(values, parties);
  const root = createHmac("sha256", secret).update(use).digest();
  const seeds = committee.ignorant.map((_, place) =>
    createHmac("sha256", root).update(`seed ${place}`).digest(),
  );
  for (const seed of seeds) addStream(words, seed);
  const once = keyPairOf(root, "secure sum, party");
  const boxes = Array.from({ length: committee.size }, (_, member) => {
    const key = keys.subarray(member * publicKeyBytes, (member + 1) * publicKeyBytes);
    const own = seedsOf(committee, member).map((place) => seeds[place]!);
    return seal(pairSecret(once, key, purpose), Buffer.concat(own));
  });
  return { words, shares: new Uint8Array(Buffer.concat([once.publicKey, ...boxes])) };
}

/** One party's share, and what it is opened for. */
export interface MemberShare {
  readonly purpose: string;
  readonly bytes: Uint8Array;
}

/**
 * A member's part in opening a sum: for every seed that it knows, in their order, what the streams
 * of all parties add up to.
 */
export function maskSums(
  committee: Committee,
  member: number,
  keys: KeyPair,
  parties: readonly MemberShare[],
  length: number,
): Words {
  const count = seedsOf(committee, member).length;
  const sums = new Uint32Array(partWords(committee, length));
  for (const { purpose, bytes } of parties) {
    const once = bytes.subarray(0, publicKeyBytes);
    const seeds = unseal(pairSecret(keys, once, purpose), bytes.subarray(publicKeyBytes));
    for (let i = 0; i < count; i++)
      addStream(
        sums.subarray(2 * length * i, 2 * length * (i + 1)),
        seeds.subarray(seedBytes * i, seedBytes * (i + 1)),
      );
  }
  return sums;
}

/** All masks of a sum, of the parts of `needed` members. */
export function masksOf(
  committee: Committee,
  parts: ReadonlyMap<number, Words>,
  length: number,
): Words {
  const masks = new Uint32Array(2 * length);
  for (const [place, some] of committee.ignorant.entries()) {
    const member = [...parts.keys()].find((one) => !some.includes(one));
    assert(member !== undefined, "enough members tell every seed's sum");
    const at = 2 * length * seedsOf(committee, member).indexOf(place);
    addWords(masks, parts.get(member)!.subarray(at, at + 2 * length));
  }
  return masks;
}

/** How many words a member's part of it is. */
export function partWords(committee: Committee, length: number): number {
  return 2 * length * seedsOf(committee, 0).length;
}

/** The sum of masked numbers without their masks: exact below 2^53, rounded beyond. */
export function unmasked(sum: Words, masks: Words): Float64Array<ArrayBuffer> {
  const values = new Float64Array(sum.length / 2);
  for (let j = 0; j < values.length; j++) {
    const low = sum[2 * j]! - masks[2 * j]!;
    const high = (sum[2 * j + 1]! - masks[2 * j + 1]! - (low < 0 ? 1 : 0)) | 0;
    values[j] = high * 2 ** 32 + (low >>> 0);
  }
  return values;
}

/** Adds modulo 2^64. */
export function addWords(into: Uint32Array, words: Uint32Array): void {
  for (let j = 0; j < words.length; j += 2) {
    const low = into[j]! + words[j]!;
    into[j + 1]! += words[j + 1]! + (low >= 2 ** 32 ? 1 : 0);
    into[j] = low;
  }
}

/** Refuses what could wrap around: the sum of as large a number of each party. */
function wordsOf(values: Float64Array, parties: number): Words {
  const limit = 2 ** 63 / parties;
  const words = new Uint32Array(2 * values.length);
  for (const [j, value] of values.entries()) {
    // The value itself must not stand in a message.
    if (!Number.isInteger(value) || Math.abs(value) >= limit)
      throw new RunError("would-wrap", "a number is too large, or none, for a secure sum", {
        hint: "shorten the steps, or scale the data to numbers of ordinary size",
      });
    const high = Math.floor(value / 2 ** 32);
    words[2 * j] = value - high * 2 ** 32;
    words[2 * j + 1] = high;
  }
  return words;
}

const blockBytes = 64 * 1024;

/** AES in counter mode under a key that is used for this alone. */
function addStream(words: Uint32Array, seed: Uint8Array): void {
  const cipher = createCipheriv("aes-256-ctr", seed, Buffer.alloc(16));
  const zeros = Buffer.alloc(Math.min(blockBytes, words.byteLength));
  for (let from = 0; from < words.length; from += blockBytes / 4) {
    const part = words.subarray(from, from + blockBytes / 4);
    const bytes = cipher.update(zeros.subarray(0, part.byteLength));
    const { buffer, byteOffset } = bytes;
    addWords(part, new Uint32Array(buffer.slice(byteOffset, byteOffset + part.byteLength)));
  }
}
