import { describe, expect, it } from "vitest";
import { perTensor } from "../../src/compression/compressor.ts";
import { decompress, payloadOf } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";
import { readForeign } from "./foreign-decoder.ts";

/** Entries of all sizes, some of them 0. */
function entries(length: number, label: string): Float32Array {
  const random = randomFrom(label);
  return Float32Array.from({ length }, () => (random.uniform() < 0.2 ? 0 : random.normal() ** 3));
}

const examples = compressors.members.flatMap(({ name, examples: all }) =>
  all.map((options) => ({
    name,
    options: JSON.stringify(options),
    chosen: { type: name, ...options },
  })),
);

describe("a decoder that was written from docs/compression.md alone reads to the bit", () => {
  it.each(examples)("$name $options", ({ name, chosen }) => {
    const compressor = compressors.create(chosen);
    for (const length of [1, 2, 7, 64, 100, 300]) {
      const payload = compressor.compress(entries(length, `${name}/${length}`), randomFrom(length));
      expect(readForeign(payload, length)).toEqual(decompress(payload, length));
      expect(() => readForeign(payload, length + 1)).toThrow();
    }
  });

  it("several tensors, each by itself", () => {
    const shapes = [[12, 5], [5], [3, 7]].map((shape, i) => ({ name: `tensor ${i}`, shape }));
    for (const type of ["power", "sign-top-k", "qsgd", "rotated"]) {
      const compressor = perTensor(compressors.create({ type }), shapes);
      const payload = compressor.compress(entries(86, type), randomFrom(type));
      expect(readForeign(payload, 86)).toEqual(decompress(payload, 86));
    }
  });

  it.each([true, false])("rows of a table (merged: %s)", (merged) => {
    const ids = Uint32Array.from(merged ? [0, 3, 900] : [3, 0, 3]);
    const slices = { rows: 1_000, columns: 4, ids, values: entries(12, "rows") };
    const payload = payloadOf({ kind: "slices", merged, slices: slices as never });
    expect(readForeign(payload, 4_000)).toEqual(decompress(payload, 4_000));
  });
});
