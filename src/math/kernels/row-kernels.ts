/** What `wasm/unshared.as` exports. */
export interface RowKernels {
  addFloatRows: AddRows;
  addDoubleRows: AddRows;
  /** X w in double precision, with the plain loop's bits: see `wasm/double-products.as`. */
  rowProducts: RowProducts;
  /** The same of X' r, added to what is there. */
  addRowProducts: RowProducts;
  /** Discrete normal integers from uniform words; how many: see `wasm/normal-draws.as`. */
  normalDraws(
    at: number,
    end: number,
    sigma: number,
    out: number,
    count: number,
    state: number,
  ): number;
  /** Adds outer products of rows, two at a time, in doubles: see `wasm/outer-sums.as`. */
  addPairedOuter(
    a: number,
    aStrips: number,
    b: number,
    bStrips: number,
    rows: number,
    c: number,
  ): void;
  /** To `sums`, and times `step` to `moved`, what blocks make of factors: `wasm/block-sums.as`. */
  addBlockSums(
    blocks: number,
    count: number,
    factors: number,
    values: number,
    columns: number,
    step: number,
    sums: number,
    moved: number,
  ): void;
  /** Of blocks of signs: see `wasm/sign-blocks.as`. */
  signProducts(
    signs: number,
    stride: number,
    entries: number,
    denseStride: number,
    blocks: number,
    columns: number,
    dense: number,
    sources: number,
    masks: number,
    products: number,
  ): void;
  addSignSums(
    list: number,
    count: number,
    tables: number,
    signs: number,
    stride: number,
    columns: number,
    pairs: number,
  ): void;
  /** Adds rows' distances from `firsts` to sums and their squares to squares, by column. */
  addDistances(
    values: number,
    rows: number,
    columns: number,
    firsts: number,
    sums: number,
    squares: number,
  ): void;
  /** Rows that stand once stay where they are, others are added up: see `wasm/coalesce.as`. */
  coalesceFloatRows(
    ids: number,
    count: number,
    rows: number,
    values: number,
    columns: number,
    marks: number,
    ends: number,
    nexts: number,
    distinct: number,
    places: number,
    sums: number,
  ): number;
  packFloatRows(places: number, count: number, columns: number, zeros: number, out: number): void;
  /** Of parts, how many rows are of ids below a limit: see `wasm/parts.as`. */
  cutParts(parts: number, count: number, limit: number): number;
  mergeFloatParts: MergeParts;
  mergeDoubleParts: MergeParts;
  /** In doubles, each part by its weight. */
  weighFloatParts: WeighParts;
  weighDoubleParts: WeighParts;
  /** How many ids there are; -1 where one is of no row. */
  rankRows(ids: number, count: number, rows: number, marks: number, distinct: number): number;
  /** 0 where an id is of no row. */
  gatherFloatRows(
    ids: number,
    count: number,
    table: number,
    rows: number,
    columns: number,
    out: number,
  ): number;
  stepFloatRows(
    ids: number,
    count: number,
    places: number,
    columns: number,
    here: number,
    at: number,
    begun: number,
    divisor: number,
    rate: number,
  ): void;
  swapFloatRows(x: number, outer: number, a: number, b: number, columns: number, out: number): void;
  repeatFloatRows(x: number, rows: number, copies: number, columns: number, out: number): void;
  sumFloatRows(
    x: number,
    outer: number,
    terms: number,
    columns: number,
    divisor: number,
    out: number,
  ): void;
}

type AddRows = (
  places: number,
  count: number,
  values: number,
  sums: number,
  columns: number,
  blank: number,
) => void;

type RowProducts = (
  values: number,
  rows: number,
  columns: number,
  factors: number,
  out: number,
) => void;

/** How many rows of a range of ids there are. */
export type MergeParts = (...places: RangePlaces) => number;

/** The same: see `wasm/parts.as`. */
export type WeighParts = (...places: [...RangePlaces, zeros: number, held: number]) => number;

export type RangePlaces = [
  parts: number,
  count: number,
  base: number,
  limit: number,
  columns: number,
  marks: number,
  list: number,
  distinct: number,
  sums: number,
];

/** What `wasm/tensors.as` exports. */
export interface TensorKernels {
  /** Rows by four sides and how many bytes each leads on, one after another. */
  orderFloatRows(
    x: number,
    a: number,
    aStride: number,
    b: number,
    bStride: number,
    c: number,
    cStride: number,
    d: number,
    dStride: number,
    bytes: number,
    out: number,
  ): void;
  /** C = A B by strides in bytes, added to what is in C where `begun`: see `wasm/matrices.as`. */
  tightProduct(
    a: number,
    aRow: number,
    aTerm: number,
    b: number,
    bTerm: number,
    bColumn: number,
    c: number,
    cRow: number,
    m: number,
    k: number,
    n: number,
    room: number,
    begun: number,
  ): void;
  /** C = A' B without B's zeros; 0 where it is not done: see `wasm/rectified.as`. */
  rectifiedProduct(
    a: number,
    b: number,
    c: number,
    rows: number,
    inputs: number,
    units: number,
    room: number,
  ): number;
  /** Of a layer, in place: see `wasm/units.as`. */
  biasUnits(x: number, rows: number, units: number, bias: number, isRectified: number): void;
  stopSlopes(x: number, slopes: number, length: number): void;
  /** To each window's first largest number its slope, by sizes at `pool`: see `wasm/pools.as`. */
  addPoolSlopes(pool: number, values: number, slopes: number, sums: number): void;
  rectifiedSlopes(x: number, slopes: number, length: number, out: number): void;
  /** Causal attention by sizes at `shape`: see `wasm/attention.as`. */
  causalScores(shape: number, joint: number, out: number, room: number): void;
  causalMix(shape: number, joint: number, weights: number, out: number, room: number): void;
  causalSlopes(
    shape: number,
    joint: number,
    weights: number,
    slopes: number,
    out: number,
    room: number,
  ): void;
  /** Layer normalization of rows: see `wasm/normal-rows.as`. */
  normalizeRows(
    x: number,
    rows: number,
    columns: number,
    gamma: number,
    beta: number,
    epsilon: number,
    out: number,
    moments: number,
  ): void;
  normalSlopes(
    x: number,
    slopes: number,
    rows: number,
    columns: number,
    gamma: number,
    epsilon: number,
    own: number,
    byVariance: number,
    byMean: number,
    gammaSlopes: number,
    betaSlopes: number,
    sums: number,
  ): void;
}
