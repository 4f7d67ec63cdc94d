import { define } from "../core/registry.ts";
import { powerOfTwoAtLeast } from "../math/transforms.ts";
import type { Compressor } from "./compressor.ts";
import { payloadOf } from "./payload.ts";
import { intervalLevels, isTold, levelsOptions } from "./quantizers.ts";
import { rotate, seedFrom } from "./seeded-draws.ts";

/**
 * As s-level, of the vector turned by random signs and a Hadamard matrix: its entries are then of
 * like size, and beta = 2 log2(2d) / s^2 instead of d / (2 s^2).
 */
export const rotated = define({
  name: "rotated",
  summary: "s-level after random signs and a Hadamard transform, which make entries alike",
  reference: "Suresh, Yu, Kumar, McMahan, ICML 2017: stochastic rotated quantization",
  options: levelsOptions(15),
  examples: [{}, { levels: 3 }, { levels: 255, scaled: false }],
  create({ levels, scaled }): Compressor {
    const beta = (length: number) => (2 * Math.log2(2 * powerOfTwoAtLeast(length))) / levels ** 2;
    return {
      contraction(length) {
        const of = beta(length);
        if (scaled) return 1 / (1 + of);
        return of < 1 ? 1 - of : null;
      },
      compress(vector, random) {
        const { length } = vector;
        const seed = seedFrom(random);
        const entries = rotate(vector, seed);
        const divisor = scaled ? 1 + beta(length) : 1;
        const values = intervalLevels(entries, levels, divisor, random);
        const support = { kind: "all" } as const;
        // Turned back, an entry is at most so large.
        const most = values === null ? 0 : Math.sqrt(entries.length) * largestOf(values);
        if (values === null || !isTold(most)) {
          const floats = { kind: "floats", floats: vector.slice() } as const;
          return payloadOf({ kind: "coded", length, support, values: floats });
        }
        const coded = { kind: "coded", length: entries.length, support, values } as const;
        return payloadOf({ kind: "rotated", length, seed, turned: coded });
      },
    };
  },
});

/** Of what is told, the largest magnitude. */
function largestOf({ low, unit, levels }: NonNullable<ReturnType<typeof intervalLevels>>): number {
  let high = 0;
  for (let i = 0; i < levels.length; i++) if (levels[i]! > high) high = levels[i]!;
  return Math.max(Math.abs(low), Math.abs(low + unit * high));
}
