// Made by `npm run docs` from the registries: edit those, not this file.
import type { Registered } from "../registered.ts";

interface CompressionChoiceCommon {
  /**
   * What becomes of what is left out: added to the next update (error-feedback), or the update
   * is told as a change of the last (ef21), or lost (none). Default: "error-feedback".
   */
  readonly feedback?: "error-feedback" | "ef21" | "none" | undefined;
  /**
   * Weights on their way down, by a compressor and its options: told as compressed changes of
   * those that workers have, what is left out in later ones; as they are where absent.
   */
  readonly down?: CompressionChoice | undefined;
}

interface CompressionChoiceShared {
  /** How many entries: a number, or a part such as "1%". Default: "1%". */
  readonly k?: number | string | undefined;
}

/** Every entry as float32. */
interface NoneCompression extends CompressionChoiceCommon {
  readonly type: "none";
}

/** The k entries of greatest magnitude as float32; gamma = k/d. */
interface TopKCompression extends CompressionChoiceCommon, CompressionChoiceShared {
  readonly type: "top-k";
}

/** K entries drawn at random as float32: a seed says which; gamma = k/d. */
interface RandomKCompression extends CompressionChoiceCommon, CompressionChoiceShared {
  readonly type: "random-k";
}

/** Every entry rounded at random to one of s parts of the norm; zeros are not sent. */
interface QsgdCompression extends CompressionChoiceCommon {
  readonly type: "qsgd";
  /**
   * S: how many steps there are from nothing to the most. At least 1, at most 65535. Default:
   * 16.
   */
  readonly levels?: number | undefined;
  /**
   * Over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no
   * error feedback. Default: true.
   */
  readonly scaled?: boolean | undefined;
}

/** Every entry rounded at random to one of s + 1 marks from the least to the greatest. */
interface SLevelCompression extends CompressionChoiceCommon {
  readonly type: "s-level";
  /**
   * S: how many steps there are from nothing to the most. At least 1, at most 65535. Default:
   * 15.
   */
  readonly levels?: number | undefined;
  /**
   * Over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no
   * error feedback. Default: true.
   */
  readonly scaled?: boolean | undefined;
}

/** S-level after random signs and a Hadamard transform, which make entries alike. */
interface RotatedCompression extends CompressionChoiceCommon {
  readonly type: "rotated";
  /**
   * S: how many steps there are from nothing to the most. At least 1, at most 65535. Default:
   * 15.
   */
  readonly levels?: number | undefined;
  /**
   * Over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no
   * error feedback. Default: true.
   */
  readonly scaled?: boolean | undefined;
}

/** Every entry's sign, times the mean magnitude: one bit an entry. */
interface SignCompression extends CompressionChoiceCommon {
  readonly type: "sign";
}

/** The k entries of greatest magnitude, rounded at random to s parts of their norm. */
interface QTopKCompression extends CompressionChoiceCommon, CompressionChoiceShared {
  readonly type: "q-top-k";
  /**
   * S: how many steps there are from nothing to the most. At least 1, at most 65535. Default:
   * 256.
   */
  readonly levels?: number | undefined;
  /**
   * Over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no
   * error feedback. Default: true.
   */
  readonly scaled?: boolean | undefined;
}

/** K entries drawn at random, rounded at random to s parts of their norm. */
interface QRandomKCompression extends CompressionChoiceCommon, CompressionChoiceShared {
  readonly type: "q-random-k";
  /**
   * S: how many steps there are from nothing to the most. At least 1, at most 65535. Default:
   * 256.
   */
  readonly levels?: number | undefined;
  /**
   * Over 1 + beta, so that it is a contraction for every s; false: unbiased, which needs no
   * error feedback. Default: true.
   */
  readonly scaled?: boolean | undefined;
}

/** The signs of the k entries of greatest magnitude, times one scale. */
interface SignTopKCompression extends CompressionChoiceCommon, CompressionChoiceShared {
  readonly type: "sign-top-k";
  /**
   * M of the scale |h|_m / k; with 1 it is the mean magnitude, which is nearest. Default: 1.
   */
  readonly norm?: 1 | 2 | undefined;
  /**
   * How the scale travels: exactly, or in one byte and at most 4.5 % off. Default: "float32".
   */
  readonly scale?: "float32" | "byte" | undefined;
}

/** The signs of k entries drawn at random, times their mean magnitude. */
interface SignRandomKCompression extends CompressionChoiceCommon, CompressionChoiceShared {
  readonly type: "sign-random-k";
}

/** Each matrix by its best r directions, (rows + columns) r numbers; vectors as they are. */
interface PowerCompression extends CompressionChoiceCommon {
  readonly type: "power";
  /** R: how many directions are kept. At least 1, at most 1000. Default: 2. */
  readonly rank?: number | undefined;
  /**
   * How often directions are refined by the sender; more cost no bytes. At least 1, at most 10.
   * Default: 2.
   */
  readonly iterations?: number | undefined;
}

/** How updates are told in few bits. */
export type CompressionChoice =
  | "none"
  | "top-k"
  | "random-k"
  | "qsgd"
  | "s-level"
  | "rotated"
  | "sign"
  | "q-top-k"
  | "q-random-k"
  | "sign-top-k"
  | "sign-random-k"
  | "power"
  | NoneCompression
  | TopKCompression
  | RandomKCompression
  | QsgdCompression
  | SLevelCompression
  | RotatedCompression
  | SignCompression
  | QTopKCompression
  | QRandomKCompression
  | SignTopKCompression
  | SignRandomKCompression
  | PowerCompression
  | Registered<"compression">;
