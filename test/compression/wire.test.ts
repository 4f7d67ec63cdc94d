import { describe, expect, test } from "vitest";
import { ByteReader, ByteWriter } from "../../src/compression/bits.ts";
import {
  bestRice,
  gapsOf,
  positionsOf,
  readRice,
  riceBits,
  writeRice,
} from "../../src/compression/codes.ts";
import { decompress } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { seededPositions, seedFrom } from "../../src/compression/seeded-draws.ts";
import { randomFrom } from "../../src/core/random.ts";
import { combinations, eliasDelta, eliasGamma } from "./by-hand.ts";

/** The reference's section 2.6: six positions of 1024. */
const positions = Uint32Array.of(3, 7, 64, 65, 200, 1023);
const golden = "0000001100000011001110000000000010000011011111100110110";

function riceText(gaps: Uint32Array, b: number): string {
  const writer = new ByteWriter();
  writeRice(writer, gaps, b);
  writer.align();
  const bits = [...writer.written()].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return bits.slice(0, riceBits(gaps, b));
}

test("the golden positions are the golden bits, and come back", () => {
  const gaps = gapsOf(positions);
  expect([...gaps]).toEqual([3, 3, 56, 0, 134, 822]);
  expect(riceText(gaps, 7)).toBe(golden);
  expect(bestRice(gaps)).toEqual({ b: 7, bits: 55 });
  expect([5, 6, 8].map((b) => riceBits(gaps, b))).toEqual([66, 56, 57]);
  const bytes = (`${golden}0`.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  const read = readRice(new ByteReader(Uint8Array.from(bytes)), 6, 7, 1024);
  expect(positionsOf(read, 1024)).toEqual(positions);
});

test("the other codes of the reference take as many bits as it says", () => {
  const gaps = [...gapsOf(positions)].map((gap) => gap + 1);
  expect(gaps.map(eliasGamma).join("")).toBe(
    "00100001000000011100110000000100001110000000001100110111",
  );
  expect(gaps.map(eliasDelta).join("")).toBe("011000110000110110011000100000001110001010100110111");
  const rank = [...positions].reduce((sum, at, i) => sum + combinations(at, i + 1), 0n);
  expect(rank).toBe(1568709805256065n);
  expect(combinations(1024, 6)).toBe(1577953087760896n);
});

test("the best b is the best of all", () => {
  const random = randomFrom(1);
  for (let i = 0; i < 300; i++) {
    const values = Uint32Array.from({ length: 1 + random.integer(30) }, () =>
      Math.floor(2 ** (random.uniform() * random.integer(24))),
    );
    const all = Array.from({ length: 32 }, (_, b) => riceBits(values, b));
    expect(bestRice(values).bits).toBe(Math.min(...all));
  }
});

/** d, k; Rice's expected bits an index, and the entropy: what no code can beat on average. */
describe.each([
  [7_850, 40, 9.0834, 8.9559, 300],
  [1_000_000, 1_000, 11.4947, 11.4015, 20],
  [1_000_000, 10_000, 8.1079, 8.0785, 4],
  [25_557_032, 99_400, 9.5462, 9.4461, 1],
])("%i entries, %i of them", (length, count, expected, entropy, sets) => {
  test("take Rice's bits to 1.5 %, and not less than the entropy", () => {
    const random = randomFrom("sets");
    let bits = 0;
    for (let i = 0; i < sets; i++)
      bits +=
        bestRice(gapsOf(seededPositions(count, length, seedFrom(random)))).bits / (sets * count);
    expect(Math.abs(bits / expected - 1)).toBeLessThan(0.015);
    expect(bits).toBeGreaterThanOrEqual(entropy);
  });
});

test("payloads are as long as their numbers and bits, and a header", () => {
  const random = randomFrom("header");
  const vector = Float32Array.from({ length: 7_850 }, () => random.normal());
  const payload = compressors
    .create({ type: "sign-top-k", k: 40 } as never)
    .compress(vector, random);
  const kept = decompress(payload, 7_850);
  const at = Uint32Array.from([...kept.keys()].filter((i) => kept[i] !== 0));
  expect(at.length).toBe(40);
  // Version and kinds, count, scale (4); five bits of b; gaps; signs; checksum (4).
  const bits = 5 + bestRice(gapsOf(at)).bits + 40;
  expect(payload.length).toBe(1 + 1 + 4 + Math.ceil(bits / 8) + 4);
});
