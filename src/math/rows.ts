/** Row-major dense rows: entry (i, j) is `values[i * columns + j]`. */
export interface DenseRows {
  readonly kind: "dense";
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Compressed sparse rows: row i is entries `offsets[i]` to `offsets[i + 1]`, columns ascending. */
export interface SparseRows {
  readonly kind: "sparse";
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly indices: Uint32Array;
  readonly offsets: Uint32Array;
}

export type Rows = DenseRows | SparseRows;

/** Rows with a target for each. Where there is an intercept it is the last column, all ones. */
export interface Examples {
  readonly rows: Rows;
  readonly targets: Float32Array;
  /** What each row counts in sums of losses and gradients, also less than zero; 1 where absent. */
  readonly weights?: Float32Array;
  /**
   * Where there is one, examples are mixtures S X that nobody formed, since mixing would fill
   * sparse rows up: `rows` is X, `targets` are those of S X.
   */
  readonly mixture?: Mixture;
}

/** S by its entries: row i is `offsets[i]` to `offsets[i + 1]`; `sources` are rows of X. */
export interface Mixture {
  readonly rows: number;
  readonly factors: Float64Array;
  readonly sources: Uint32Array;
  readonly offsets: Uint32Array;
}
