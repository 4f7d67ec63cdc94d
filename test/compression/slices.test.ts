import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentOf, decompress, payloadOf, withChecksum } from "../../src/compression/payload.ts";
import type { PayloadSlices } from "../../src/compression/payload-model.ts";
import { RunError } from "../../src/core/errors.ts";
import { isMerged, sliceBytes } from "../../src/math/slices/slices.ts";

const [rows, columns] = [300, 4];
const length = rows * columns;

function content(ids: readonly number[], merged = isMerged({ ids: Uint32Array.from(ids) })) {
  const values = Float32Array.from({ length: ids.length * columns }, (_, i) => i + 1);
  const slices = { rows, columns, ids: Uint32Array.from(ids), values };
  return { kind: "slices", merged, slices } satisfies PayloadSlices;
}

/** The bytes that a content is, under a sound checksum, `edit` having been at them. */
function edited(of: PayloadSlices, edit: (body: Uint8Array) => void): Uint8Array {
  const whole = payloadOf(of);
  const body = whole.slice(0, whole.length - 4);
  edit(body);
  return withChecksum(body, length);
}

test("what goes out comes in, merged or as it was gathered", () => {
  for (const ids of [[], [0], [3, 17, 299], [17, 3, 17]]) {
    const sent = content(ids);
    expect(contentOf(payloadOf(sent), length)).toEqual(sent);
  }
  const sums = decompress(payloadOf(content([17, 3, 17])), length);
  expect([...sums.subarray(68, 72)]).toEqual([1 + 9, 2 + 10, 3 + 11, 4 + 12]);
});

test("it takes the bytes of ids and rows, and a header of at most a dozen", () => {
  for (const count of [1, 10, 299]) {
    const ids = [...Array(count).keys()];
    const more = payloadOf(content(ids)).length - sliceBytes(count, columns);
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThanOrEqual(12);
  }
});

describe("refused", () => {
  test("a row that the matrix does not have", () => {
    expect(() => decompress(payloadOf(content([5, 300])), length)).toThrow("row 300 of 300");
  });

  test("merged rows that do not ascend, or stand twice", () => {
    for (const ids of [
      [5, 4],
      [5, 5],
    ])
      expect(() => decompress(payloadOf(content(ids, true)), length)).toThrow("do not ascend");
  });

  test("another number of rows than make the vector", () => {
    const bad = edited(content([1, 2]), (body) => (body[1] = 0xac - 1));
    expect(() => decompress(bad, length)).toThrow("do not make 299 rows");
  });

  test("cut short, and any bytes in its place, without more room than there is", () => {
    const payload = payloadOf(content([3, 17, 299]));
    for (let bytes = 0; bytes < payload.length; bytes++)
      expect(() => decompress(payload.subarray(0, bytes), length)).toThrow(RunError);
    const edits = fc.array(fc.tuple(fc.nat(50), fc.nat(255)), { minLength: 1 });
    fc.assert(
      fc.property(edits, (all) => {
        const bad = edited(content([3, 17, 299]), (body) => {
          for (const [at, byte] of all) if (at > 0) body[at] = byte;
        });
        try {
          expect(decompress(bad, length).length).toBe(length);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RunError);
        }
      }),
      { numRuns: 200 },
    );
  });
});
