import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  addWords,
  type Committee,
  committeeOf,
  committeeSizes,
  type MaskedNumbers,
  maskedNumbers,
  maskSums,
  masksOf,
  memberKeys,
  seedsOf,
  sharesBytes,
  sharesFor,
  unmasked,
  type Words,
} from "../../src/privacy/mechanisms/secure-sum.ts";
import { chiSquaredQuantile } from "./chance.ts";

const secretOf = (who: string | number) => hash("sha256", `secret of ${who}`, "buffer");

/** Parties with numbers of their own, and a committee of the first of them. */
function play(committee: Committee, values: readonly Float64Array[], use = "round/3") {
  const members = Array.from({ length: committee.size }, (_, i) => memberKeys(secretOf(i)));
  const keys = Buffer.concat(members.map(({ publicKey }) => publicKey));
  const messages = values.map((own, party) =>
    maskedNumbers(own, values.length, {
      secret: secretOf(party),
      use,
      purpose: `party ${party}`,
      committee,
      keys,
    }),
  );
  const length = values[0]!.length;
  const partOf = (member: number, from: readonly number[]) =>
    maskSums(
      committee,
      member,
      members[member]!,
      from.map((party) => ({
        purpose: `party ${party}`,
        bytes: sharesFor(committee, messages[party]!.shares, member),
      })),
      length,
    );
  const open = (from: readonly number[], tellers: readonly number[]) => {
    const parts = new Map(tellers.map((member) => [member, partOf(member, from)]));
    return [...unmasked(total(messages, from, length), masksOf(committee, parts, length))];
  };
  return { members, messages, partOf, open };
}

function total(messages: readonly MaskedNumbers[], from: readonly number[], length: number): Words {
  const sum = new Uint32Array(2 * length);
  for (const party of from) addWords(sum, messages[party]!.words);
  return sum;
}

/** All sets of the numbers below n that have at least so many. */
function sets(n: number, least: number): number[][] {
  const all = Array.from({ length: 2 ** n }, (_, bits) =>
    Array.from({ length: n }, (_, i) => i).filter((i) => (bits >> i) & 1),
  );
  return all.filter(({ length }) => length >= least);
}

const sizes = committeeSizes.map((size) => [size] as const);

describe.each(sizes)("a secure sum with a committee of %i", (size) => {
  const committee = committeeOf(size);
  const parties = size + 1;
  const values = Array.from({ length: parties }, (_, i) =>
    Float64Array.from({ length: 4 }, (_, j) => Math.round(1e15 * Math.sin(3 * i + j))),
  );
  const { open, messages, partOf } = play(committee, values);

  it("is exact for every set of parties and every set of members that suffices", () => {
    const all = sets(size, committee.needed);
    for (const [at, from] of sets(parties, 1).entries()) {
      const sums = [0, 1, 2, 3].map((j) => from.reduce((sum, i) => sum + values[i]![j]!, 0));
      expect(open(from, all[at % all.length]!)).toEqual(sums);
    }
    for (const tellers of all) expect(open([0, 1, 2], tellers)).toEqual(open([0, 1, 2], all[0]!));
  });

  it("cannot be opened by as many members as it tolerates", () => {
    for (const few of sets(size, 1).filter(({ length }) => length <= committee.tolerated))
      expect(() => open([0, 1, 2], few)).toThrow(/enough members/);
  });

  it("is the same again, and under another use has other masks", () => {
    const again = play(committee, values).messages;
    expect(again).toEqual(messages);
    const other = play(committee, values, "round/4").messages;
    for (const [i, { words }] of other.entries())
      for (const [j, word] of words.entries()) expect(word).not.toBe(messages[i]!.words[j]);
    expect(messages[0]!.shares.length).toBe(sharesBytes(committee));
  });

  it("takes no share that was changed, is another party's, or of another round", () => {
    const { members } = play(committee, values);
    const share = sharesFor(committee, messages[2]!.shares, 1);
    const ask = (purpose: string, bytes: Uint8Array) =>
      maskSums(committee, 1, members[1]!, [{ purpose, bytes }], 4);
    expect(ask("party 2", share).length).toBe(8 * seedsOf(committee, 1).length);
    expect(() => ask("party 1", share)).toThrow(/cannot be opened/);
    const changed = share.slice();
    changed[40]! ^= 1;
    expect(() => ask("party 2", changed)).toThrow(/cannot be opened/);
    const others = sharesFor(committee, messages[2]!.shares, 0);
    expect(() => ask("party 2", others)).toThrow(/cannot be opened/);
  });

  it("tells of a member's part nothing but sums", () => {
    // The parts for two sets differ by one party's streams: which is why one set alone is opened.
    const both = [partOf(0, [0, 1, 2]), partOf(0, [0, 1])];
    expect(both[0]).not.toEqual(both[1]);
  });
});

/** How far bytes are from uniform, in quantiles: below 1 where they are, far above elsewhere. */
function unevenness(bytes: Uint8Array): number {
  const counts = new Float64Array(256);
  for (const byte of bytes) counts[byte]!++;
  const expected = bytes.length / 256;
  const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return chiSquared / chiSquaredQuantile(255, 4);
}

const bytesOf = ({ buffer }: Words) => new Uint8Array(buffer);

describe("masked numbers of zeros, which any structure would show in", () => {
  const committee = committeeOf(3);
  const length = 4_096;
  const { messages, partOf, open } = play(
    committee,
    Array.from({ length: 5 }, () => new Float64Array(length)),
  );

  it("are uniform, of every set of parties", () => {
    for (const from of sets(5, 1))
      expect(unevenness(bytesOf(total(messages, from, length)))).toBeLessThan(1);
  });

  it("stay uniform to one member, which takes off all streams that it knows", () => {
    for (const member of [0, 1, 2])
      for (const from of [[0], [1], [0, 3], [0, 1, 2, 3, 4]]) {
        const rest = total(messages, from, length);
        const part = partOf(member, from);
        const streams = Array.from({ length: seedsOf(committee, member).length }, (_, i) =>
          part.subarray(2 * length * i, 2 * length * (i + 1)),
        );
        for (const stream of streams) subtract(rest, stream);
        expect(unevenness(bytesOf(rest))).toBeLessThan(1);
      }
  });

  it("stay uniform, of fewer than all in a sum, to whoever has that sum's masks", () => {
    // The masks of all five are told; what they leave of four is the fifth's, uniform.
    const parts = new Map([0, 1].map((member) => [member, partOf(member, [0, 1, 2, 3, 4])]));
    const masks = masksOf(committee, parts, length);
    for (const from of sets(5, 1).filter(({ length: count }) => count < 5)) {
      const rest = total(messages, from, length);
      subtract(rest, masks);
      expect(unevenness(bytesOf(rest))).toBeLessThan(1);
    }
  });

  it("are nothing but the zeros to two members: the test would see it", () => {
    expect(open([0], [0, 2])).toEqual(Array(length).fill(0));
    const parts = new Map([0, 2].map((member) => [member, partOf(member, [0])]));
    const rest = messages[0]!.words.slice();
    subtract(rest, masksOf(committee, parts, length));
    expect(unevenness(bytesOf(rest))).toBeGreaterThan(100);
  });
});

function subtract(from: Words, words: Uint32Array): void {
  const negative = words.map((word, j) => (j % 2 === 0 || words[j - 1] === 0 ? -word : ~word));
  addWords(from, negative);
}

describe("what could wrap around is refused", () => {
  const committee = committeeOf(3);
  const most = 2 ** 63 / 4;

  it.each([most, -most, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("%d", (value) => {
    const numbers = [0, 1, 2, 3].map(() => Float64Array.of(value));
    expect(() => play(committee, numbers)).toThrow(/too large, or none/);
  });

  it("and next to that nothing wraps, either way", () => {
    const next = most - 2 ** 9;
    for (const sign of [1, -1]) {
      const { open } = play(
        committee,
        [0, 1, 2, 3].map(() => Float64Array.of(sign * next)),
      );
      expect(open([0, 1, 2, 3], [0, 1])).toEqual([4 * sign * next]);
    }
  });
});
