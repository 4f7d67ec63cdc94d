import { expect, it } from "vitest";
import { decompress } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";

const largest = 3.4028234663852886e38;
const examples = compressors.members.flatMap(({ name, examples: all }) =>
  all.map((options) => ({ type: name, ...options })),
);

it.each(examples.map((chosen) => ({ shown: JSON.stringify(chosen), chosen })))(
  "$shown makes no infinity of numbers that float32 has",
  ({ shown, chosen }) => {
    const compressor = compressors.create(chosen);
    const random = randomFrom(shown);
    for (const top of [3e38, largest, 1e38])
      for (let trial = 0; trial < 40; trial++) {
        const spread = 0.2 * (trial % 5);
        const vector = Float32Array.from({ length: 48 }, (_, i) =>
          i === 3 ? top : top * (1 - spread * random.uniform()) * (trial % 2 === 0 ? 1 : -1),
        );
        const told = decompress(compressor.compress(vector, random, [6, 8]), vector.length);
        expect(told.every(Number.isFinite)).toBe(true);
      }
  },
);
