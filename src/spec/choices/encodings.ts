// Made by `npm run docs` from the registries: edit those, not this file.
import type { Registered } from "../registered.ts";

interface EncodingChoiceShared {
  /**
   * Ahead: stored rows are formed and stored before the run; workers: each forms its own of the
   * data rows when it loads them, and nothing more is stored; ahead if absent, but workers
   * where sparse rows are to be mixed.
   */
  readonly encode?: "ahead" | "workers" | undefined;
}

/** Every row once, at one slot; what a lost slot holds is missing from that round. */
interface UncodedEncoding extends EncodingChoiceShared {
  readonly type: "uncoded";
}

/** Every row at several slots; missed only when all of them are. */
interface ReplicationEncoding extends EncodingChoiceShared {
  readonly type: "replication";
  /** How many slots hold each row. At least 1, at most 64. Default: 2. */
  readonly redundancy?: number | undefined;
}

/** Each part at s + 1 slots: exact for any loss with all but s replies; else it waits on. */
interface GradientCodeEncoding extends EncodingChoiceShared {
  readonly type: "gradient-code";
  /** S: how many replies may be missing. At least 0, at most 63. Default: 1. */
  readonly stragglers?: number | undefined;
  /**
   * Fractional: groups of s + 1 slots hold the same, and s + 1 must divide the workers; cyclic:
   * each slot overlaps its neighbours, for any number of workers. Default: "fractional".
   */
  readonly arrangement?: "fractional" | "cyclic" | undefined;
  /**
   * With fewer replies go on instead of waiting: true decodes by least squares, one-step takes
   * every reply alike, unbiased but never exact before the last. Default: false.
   */
  readonly approximate?: boolean | "one-step" | undefined;
}

/** Tight frame by fast Walsh-Hadamard transform; every row is spread over all slots. */
interface HadamardEncoding extends EncodingChoiceShared {
  readonly type: "hadamard";
  /** Stored rows over data rows. At least 1, at most 16. Default: 2. */
  readonly redundancy?: number | undefined;
}

/** Equiangular tight frame from Hadamard columns; as fast as hadamard, evener overlaps. */
interface HadamardEtfEncoding extends EncodingChoiceShared {
  readonly type: "hadamard-etf";
  /** Stored rows over data rows: about two, by construction. Default: 2. */
  readonly redundancy?: 2 | undefined;
  /**
   * Data rows a chunk: the next of 6, 10, 28, 36, 120, 136, 496, 528, 2016, 2080. At least 1,
   * at most 2080. Default: 120.
   */
  readonly chunk?: number | undefined;
}

/** Equiangular tight frame of redundancy exactly 2, by a real Fourier transform. */
interface PaleyEncoding extends EncodingChoiceShared {
  readonly type: "paley";
  /** Stored rows over data rows: about two, by construction. Default: 2. */
  readonly redundancy?: 2 | undefined;
  /**
   * Data rows a chunk: the next (q+1)/2, q a prime with q = 1 mod 4; more if needed. At least
   * 1, at most 4096. Default: 64.
   */
  readonly chunk?: number | undefined;
}

/** Sparse equiangular tight frame: a stored row mixes only about sqrt(2n) rows of a chunk. */
interface SteinerEncoding extends EncodingChoiceShared {
  readonly type: "steiner";
  /** Stored rows over data rows: about two, by construction. Default: 2. */
  readonly redundancy?: 2 | undefined;
  /**
   * Data rows a chunk: the next v(v-1)/2, v a Hadamard order: 28, 66, 120, 190, .... At least
   * 1, at most 2016. Default: 120.
   */
  readonly chunk?: number | undefined;
  /**
   * Rows: each stored row to a random slot; blocks: what mixes the same v - 1 data rows stays
   * together, so that a slot needs only two data rows for each of its share, and protects less.
   * Default: "rows".
   */
  readonly deal?: "rows" | "blocks" | undefined;
}

/** Tight sparse frame by Haar wavelets; cheap, but weak where slots are missing. */
interface HaarEncoding extends EncodingChoiceShared {
  readonly type: "haar";
  /** Stored rows over data rows. At least 1, at most 16. Default: 2. */
  readonly redundancy?: number | undefined;
}

/** Random normal mixtures; not tight, so inexact even with every slot: for comparison. */
interface GaussianEncoding extends EncodingChoiceShared {
  readonly type: "gaussian";
  /** Stored rows over data rows. At least 1, at most 16. Default: 2. */
  readonly redundancy?: number | undefined;
}

/** How rows are stored redundantly. */
export type EncodingChoice =
  | "uncoded"
  | "replication"
  | "gradient-code"
  | "hadamard"
  | "hadamard-etf"
  | "paley"
  | "steiner"
  | "haar"
  | "gaussian"
  | UncodedEncoding
  | ReplicationEncoding
  | GradientCodeEncoding
  | HadamardEncoding
  | HadamardEtfEncoding
  | PaleyEncoding
  | SteinerEncoding
  | HaarEncoding
  | GaussianEncoding
  | Registered<"encoding">;
