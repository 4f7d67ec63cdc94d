import type { Random } from "../core/random.ts";
import type { Compressor } from "./compressor.ts";
import { payloadOf } from "./payload.ts";
import type { Coded, Support, Values } from "./payload-model.ts";
import { seededPositions } from "./seeded-positions.ts";

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
