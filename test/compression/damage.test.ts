import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { perTensor } from "../../src/compression/compressor.ts";
import { decompress, withChecksum } from "../../src/compression/payload.ts";
import { version } from "../../src/compression/payload-codec.ts";
import { compressors } from "../../src/compression/registry.ts";
import { RunError } from "../../src/core/errors.ts";
import { randomFrom } from "../../src/core/random.ts";

const length = 60;
const random = randomFrom("damage");
const vector = Float32Array.from({ length }, () => random.normal());
const whole = compressors.members.map((member) => {
  const compressor = compressors.create({ type: member.name, ...member.examples.at(-1) });
  return { name: member.name, payload: compressor.compress(vector, random, [6, 10]) };
});
const topK = compressors.create({ type: "top-k", k: 3 } as never);
const pieces = perTensor(topK, [{ shape: [5, 10] }, { shape: [10] }]).compress(vector, random);
const payloads = [...whole, { name: "pieces", payload: pieces }];

describe.each(payloads)("$name", ({ payload }) => {
  test("cut short or longer it is refused, and about another length", () => {
    for (let bytes = 0; bytes < payload.length; bytes++)
      expect(() => decompress(payload.subarray(0, bytes), length)).toThrow(RunError);
    const longer = new Uint8Array([...payload, 0]);
    expect(() => decompress(longer, length)).toThrow(RunError);
    for (const other of [length - 1, length + 1, 0])
      expect(() => decompress(payload, other)).toThrow("entries");
  });

  test("with any bits turned it is refused", () => {
    const flips = fc.uniqueArray(fc.nat(8 * payload.length - 1), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(flips, (bits) => {
        const bad = payload.slice();
        for (const bit of bits) bad[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decompress(bad, length)).toThrow("checksum");
      }),
      { numRuns: 150 },
    );
  });

  test("damaged under a sound checksum it is refused, or a vector of that length", () => {
    const body = payload.subarray(0, payload.length - crcBytes(payload));
    const edits = fc.array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { minLength: 1 });
    fc.assert(
      fc.property(edits, (all) => {
        const bad = body.slice();
        for (const [at, byte] of all) bad[at] = byte;
        refusedOrRead(withChecksum(bad, length));
      }),
      { numRuns: 150 },
    );
  });
});

test("any bytes under a sound checksum are refused, or a vector of that length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(31), (body, kind) => {
      refusedOrRead(withChecksum(Uint8Array.of(32 * version + kind, ...body), length));
    }),
    { numRuns: 3_000 },
  );
});

test("another version is refused by that name", () => {
  const old = withChecksum(Uint8Array.of(32 * (version - 1)), length);
  expect(() => decompress(old, length)).toThrow("version");
});

/** Payloads of up to 32 bytes have the shorter checksum. */
function crcBytes(payload: Uint8Array): number {
  return payload.length <= 32 ? 2 : 4;
}

function refusedOrRead(payload: Uint8Array): void {
  try {
    expect(decompress(payload, length).length).toBe(length);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RunError);
  }
}
