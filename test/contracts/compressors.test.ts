import { describe, expect, test } from "vitest";
import { compressors } from "../../src/compression/registry.ts";
import { testCompressor } from "../../src/testing/compressor.ts";

for (const { name, examples } of compressors.members)
  for (const example of examples) {
    const compressor = compressors.create({ type: name, ...example });
    // Ten thousand vectors a member, over its examples together.
    const draws = Math.ceil(10_000 / examples.length);
    testCompressor(
      { name: `${name} ${JSON.stringify(example)}`, compressor, draws },
      { describe, test },
    );
    test(`${name} ${JSON.stringify(example)} promises a contraction`, () => {
      expect(compressor.contraction(24, [4, 6])).not.toBeNull();
    });
  }

test("a rounding that adds more than it keeps promises no contraction", () => {
  const type = "q-top-k";
  const unscaled = compressors.create({ type, k: 8, levels: 1, scaled: false } as never);
  expect(unscaled.contraction(8)).toBeNull();
});

/** What is sent of a message, as the reference's section 2.6 counts it, in bits. */
const index = Math.ceil(Math.log2(1_000));
const accounts: readonly (readonly [string, object, number])[] = [
  ["none", {}, 32 * 1_000],
  ["top-k", { k: 40 }, 40 * (32 + index)],
  ["random-k", { k: 40 }, 40 * 32 + 64],
  ["q-top-k", { k: 40, levels: 15 }, 40 * (1 + 4 + index) + 32],
  ["sign-top-k", { k: 40 }, 40 * (1 + index) + 32],
  ["sign", {}, 1_000 + 32],
  ["s-level", { levels: 15 }, 4 * 1_000 + 64],
  ["qsgd", { levels: 31 }, 3 * 1_000 + 32],
];

for (const [type, options, accountedBits] of accounts) {
  const compressor = compressors.create({ type, ...options });
  const name = `${type} ${JSON.stringify(options)} by account`;
  testCompressor({ name, compressor, accountedBits, draws: 100 }, { describe, test });
}
