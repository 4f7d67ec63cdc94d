import type { Slices } from "../math/slices/slices.ts";

/** What a payload says about a vector, before and after its way. */
export type PayloadModel = Coded | Rotated | Product | PayloadParts | PayloadSlices;

/** Some entries, all others being zero. */
export interface Coded {
  readonly kind: "coded";
  readonly length: number;
  readonly support: Support;
  /** As many as the support has positions. */
  readonly values: Values;
}

/** Which entries are told of. */
export type Support =
  | { readonly kind: "all" }
  | { readonly kind: "positions"; readonly positions: Uint32Array<ArrayBuffer> }
  /** So many that the receiver draws itself: only the seed travels. */
  | { readonly kind: "drawn"; readonly count: number; readonly seed: Seed };

export type Values =
  | { readonly kind: "floats"; readonly floats: Float32Array<ArrayBuffer> }
  /** Entry i is unit x levels[i]. */
  | { readonly kind: "levels"; readonly unit: number; readonly levels: Int32Array<ArrayBuffer> }
  /** Entry i is scale, or -scale where `negative` is 1. */
  | { readonly kind: "signs"; readonly scale: number; readonly negative: Uint8Array<ArrayBuffer> }
  /** As signs, the scale being a code of `codes.ts`. */
  | {
      readonly kind: "rough-signs";
      readonly code: number;
      readonly negative: Uint8Array<ArrayBuffer>;
    }
  /** Entry i is low + unit x levels[i], each of so many bits. */
  | {
      readonly kind: "interval";
      readonly low: number;
      readonly unit: number;
      readonly bits: number;
      readonly levels: Uint32Array<ArrayBuffer>;
    };

/** A vector with random signs and turned by a Hadamard matrix, as the seed says. */
export interface Rotated {
  readonly kind: "rotated";
  readonly length: number;
  readonly seed: Seed;
  /** Filled up to a power of two. */
  readonly turned: Coded;
}

/** A matrix as left x right', row-major both. */
export interface Product {
  readonly kind: "product";
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** rows x rank. */
  readonly left: Float32Array<ArrayBuffer>;
  /** columns x rank. */
  readonly right: Float32Array<ArrayBuffer>;
}

/** One vector after another. */
export interface PayloadParts {
  readonly kind: "parts";
  readonly parts: readonly PayloadModel[];
}

/** Rows of a matrix, row-major, all others being zero. */
export interface PayloadSlices {
  readonly kind: "slices";
  /** Ids ascend, each once; else a row may stand several times, and counts as the sum. */
  readonly merged: boolean;
  readonly slices: Slices<Float32Array<ArrayBuffer>>;
}

/** 64 bits. */
export type Seed = readonly [number, number];

export function payloadVectorLength(content: PayloadModel): number {
  if (content.kind === "product") return content.rows * content.columns;
  if (content.kind === "slices") return content.slices.rows * content.slices.columns;
  if (content.kind !== "parts") return content.length;
  return content.parts.reduce((sum, part) => sum + payloadVectorLength(part), 0);
}
