import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pack, packedOf, packedRows, toBfloat16, toInt8, unpack } from "../../src/math/packing.ts";

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });

describe("bfloat16", () => {
  test("rounds to the nearest, halves to even", () => {
    // 1 + k 2^-8: odd k are halfway between neighbours 2^-7 apart.
    const values = Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -1 - 3 * 2 ** -8, -0);
    const found = unpack({ values: toBfloat16(values) }, 1);
    expect([...found]).toEqual([1, 1, 1 + 2 ** -6, -1 - 2 ** -6, -0]);
  });

  test("an entry is off by at most 2^-8 of itself, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 40 }), (given) => {
        const values = Float32Array.from(given);
        const found = unpack({ values: toBfloat16(values) }, 1);
        for (const [i, value] of values.entries()) {
          // Below the normal numbers neighbours are 2^-133 apart.
          const most = Math.max(2 ** -8 * Math.abs(value), 2 ** -134);
          expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});

describe("int8", () => {
  test("an entry is off by at most half its row's scale, the largest entry over 127", () => {
    const rows = fc.array(fc.array(finite, { minLength: 3, maxLength: 3 }), { maxLength: 8 });
    fc.assert(
      fc.property(rows, (given) => {
        const values = Float32Array.from(given.flat());
        const packed = toInt8(values, 3);
        const found = unpack(packed, 3);
        for (let i = 0; i < given.length; i++) {
          const row = values.subarray(3 * i, 3 * i + 3);
          const most = Math.max(...row.map(Math.abs));
          for (const [j, value] of row.entries()) {
            const bound = Math.max((most / 254) * (1 + 2 ** -20), 127 * 2 ** -126);
            expect(Math.abs(found[3 * i + j]! - value)).toBeLessThanOrEqual(bound);
          }
        }
      }),
    );
  });

  test("the largest numbers there are stay finite", () => {
    const largest = (2 - 2 ** -23) * 2 ** 127;
    const found = unpack(toInt8(Float32Array.of(largest, -largest, 1), 3), 3);
    expect(found.every(Number.isFinite)).toBe(true);
    expect(Math.abs(found[0]! / largest - 1)).toBeLessThan(1 / 254);
  });

  test("a row of zeros and no rows at all", () => {
    expect([...unpack(toInt8(new Float32Array(4), 2), 2)]).toEqual([0, 0, 0, 0]);
    expect(toInt8(new Float32Array(0), 0).scales).toHaveLength(0);
  });
});

test("packed rows unpack when asked, and tell what they are made of", () => {
  const packed = pack("int8", Float32Array.of(127, -1, 2, 4), 2);
  const rows = packedRows(2, 2, packed);
  expect([...rows.values.subarray(0, 2)]).toEqual([127, -1]);
  expect(packedOf(rows)).toBe(packed);
  expect(packedOf({ ...rows })).toBeUndefined();
});
