import type { Random } from "../core/random.ts";

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
