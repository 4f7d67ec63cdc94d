import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { crc16, crc32 as ownCrc32 } from "../../src/compression/checksums.ts";
import {
  checkedBody,
  decompress,
  plainNumbers,
  withChecksum,
} from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";

const long = Uint8Array.from({ length: 31 }, (_, i) => 7 * i);
const short = long.subarray(0, 30);

test("the shorter checksum is CRC-16 of the polynomial 0x5935", () => {
  // The check values of the CRC catalogue and of M17's specification.
  expect(crc16(new TextEncoder().encode("123456789"))).toBe(0x772b);
  expect(crc16(new Uint8Array(0))).toBe(0xffff);
  expect(crc16(new TextEncoder().encode("A"))).toBe(0x206e);
});

test("up to 30 bytes it finds every error of at most four bits", () => {
  // A turned bit changes the checksum by the same number whatever the bytes are. Four or fewer
  // stay unseen where two pairs, or a pair and a single one, or two single ones change it alike.
  const still = crc16(new Uint8Array(30));
  const changes = [0];
  for (let bit = 0; bit < 240; bit++) {
    const turned = new Uint8Array(30);
    turned[bit >> 3] = 128 >> (bit & 7);
    changes.push(crc16(turned) ^ still);
  }
  for (let bit = 0; bit < 16; bit++) changes.push(1 << bit);
  const seen = new Set<number>();
  for (let i = 0; i < changes.length; i++)
    for (let j = 0; j < i; j++) seen.add(changes[i]! ^ changes[j]!);
  expect(seen.has(0)).toBe(false);
  expect(seen.size).toBe((changes.length * (changes.length - 1)) / 2);
});

test("longer bodies have CRC-32 of the length and of themselves", () => {
  expect(withChecksum(short, 60).length).toBe(32);
  const payload = withChecksum(long, 60);
  expect(payload.length).toBe(35);
  const crc = new DataView(payload.buffer).getUint32(31, true);
  expect(crc).toBe(crc32(Uint8Array.of(60, ...long)));
});

test.each([short, long])("a payload about another length is refused", (body) => {
  const payload = withChecksum(body, 650);
  expect(checkedBody(payload, 650)).toEqual(body);
  for (let length = 0; length < 2_000; length++)
    if (length !== 650) expect(() => checkedBody(payload, length)).toThrow(`${length} entries`);
});

test("the CRC-32 of few and of many bytes is Node's, gone on from other bytes as well", () => {
  const random = randomFrom("crc");
  for (const length of [0, 1, 31, 255, 256, 1_000]) {
    const bytes = Uint8Array.from({ length }, () => random.integer(256));
    expect(ownCrc32(bytes)).toBe(crc32(bytes));
    expect(ownCrc32(bytes, 0x89abcdef)).toBe(crc32(bytes, 0x89abcdef));
  }
});

test.each([1, 2, 7, 8, 11, 1_024, 1_025])(
  "plain numbers are read in place: %i of them",
  (length) => {
    const random = randomFrom("plain");
    const floats = Float32Array.from({ length }, () => random.normal());
    const none = compressors.create({ type: "none" });
    const payload = none.compress(floats, random);
    expect(decompress(payload, length)).toEqual(floats);
    // 64 says that all entries are told as float32: bytes by hand.
    const body = Uint8Array.of(64, ...new Uint8Array(floats.buffer));
    expect(payload).toEqual(withChecksum(body, length));
    expect(plainNumbers(payload, length)).toEqual(length <= 1_024 ? floats : null);
    expect(plainNumbers(payload, length + 1)).toBeNull();
    expect(plainNumbers(payload.subarray(1), length)).toBeNull();
    for (const at of [0, payload.length - 1, payload.length - 2]) {
      const damaged = payload.slice();
      damaged[at]! ^= 1;
      expect(plainNumbers(damaged, length)).toBeNull();
      expect(() => decompress(damaged, length)).toThrow();
    }
    const sparse = compressors.create({ type: "sign" }).compress(floats, random);
    expect(plainNumbers(sparse, length)).toBeNull();
  },
);
