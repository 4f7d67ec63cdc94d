import { assert } from "../core/errors.ts";
import type { Compressor } from "./compressor.ts";
import { contentOf, payloadOf } from "./payload.ts";

/** A tensor's shape, row-major; a problem's pieces are such. */
export interface TensorShape {
  readonly shape: readonly number[];
}

/**
 * A compressor of every tensor by itself, so that small ones are heard beside large ones; k counts
 * within each. gamma is the least of theirs.
 */
export function perTensor(each: Compressor, pieces: readonly TensorShape[]): Compressor {
  const sizes = pieces.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  return {
    contraction() {
      const all = pieces.map(({ shape }, i) => each.contraction(sizes[i]!, shape));
      return all.reduce<number | null>(
        (least, one) => (one === null || least === null ? null : Math.min(least, one)),
        1,
      );
    },
    compress(vector, random) {
      assert(vector.length === sizes.reduce((sum, size) => sum + size, 0), "pieces are the whole");
      let from = 0;
      const parts = pieces.map(({ shape }, i) => {
        const part = vector.subarray(from, from + sizes[i]!);
        from += part.length;
        return contentOf(each.compress(part, random.fork(String(i)), shape), part.length);
      });
      return payloadOf({ kind: "parts", parts });
    },
  };
}
