import { assert } from "../core/errors.ts";
import type { Random } from "../core/random.ts";
import { contentOf, payloadOf } from "./payload.ts";
import type { Coded, Support, Values } from "./payload-model.ts";
import { seededPositions } from "./seeded-draws.ts";

/**
 * A lossy map of vectors whose outcome travels as a payload of few bits.
 * Laws (tested over the registry): E|x - C(x)|^2 <= (1 - gamma)|x|^2 with `contraction`'s gamma;
 * what `decompress` reads from the payload is C(x) bit for bit; the same vector and randomness
 * give the same bytes; the vector is left alone; zeros give zeros, never NaN; entries that are no
 * numbers do not become numbers where they are told of.
 */
export interface Compressor {
  /**
   * gamma in (0, 1] for every vector of this length, or of this shape; null where no such bound
   * holds, so that only what is unbiased may do without error feedback.
   */
  contraction(length: number, shape?: readonly number[]): number | null;
  /**
   * The payload of a vector: self-describing, checksummed, read by `decompress`. `shape` is that
   * of the tensor which the vector is, row-major, where it is one.
   */
  compress(
    vector: Float32Array,
    random: Random,
    shape?: readonly number[],
  ): Uint8Array<ArrayBuffer>;
}

/** Which entries of a vector are told of. */
export interface Selection {
  count(length: number): number;
  choose(vector: Float32Array, random: Random): Support;
}

/** What is told of an entry. */
export interface Quantizer {
  /** Of vectors of this length; composed with a selection of k of d it is k/d times as much. */
  contraction(length: number): number | null;
  /** Null where the vector has entries that are no numbers, or too large ones. */
  quantize(vector: Float32Array<ArrayBuffer>, random: Random): Values | null;
  /** The shorter way to say the same. */
  shorten?(content: Coded): Coded;
}

/** A quantizer of the entries that a selection leaves. */
export function composed(selection: Selection, quantizer: Quantizer): Compressor {
  return {
    contraction(length) {
      const count = selection.count(length);
      const rest = quantizer.contraction(count);
      return rest === null ? null : (count / length) * rest;
    },
    compress(vector, random) {
      const { length } = vector;
      const support = selection.choose(vector, random);
      const values = quantizer.quantize(selected(vector, support), random);
      // What cannot be quantized is sent as it is, so that it is seen.
      if (values === null) {
        const floats = vector as Float32Array<ArrayBuffer>;
        const all = { kind: "all" } as const;
        return payloadOf({
          kind: "coded",
          length,
          support: all,
          values: { kind: "floats", floats },
        });
      }
      const content: Coded = { kind: "coded", length, support, values };
      return payloadOf(quantizer.shorten?.(content) ?? content);
    },
  };
}

/** The vector's entries at a support. */
function selected(vector: Float32Array, support: Support): Float32Array<ArrayBuffer> {
  // Quantizers only look at it.
  if (support.kind === "all") return vector as Float32Array<ArrayBuffer>;
  const positions =
    support.kind === "positions"
      ? support.positions
      : seededPositions(support.count, vector.length, support.seed);
  const out = new Float32Array(positions.length);
  for (let i = 0; i < out.length; i++) out[i] = vector[positions[i]!]!;
  return out;
}

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
