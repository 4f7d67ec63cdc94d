import type { DenseRows } from "../rows.ts";
import { instantiateRows, type RowsInstance } from "./instance.ts";
import { wasmMatrixOf } from "./wasm-matrix.ts";

/** Blocks that are handed over at once, and rows of one. */
const blocksMax = 256;
const blockRowsMax = 64;
/** All blocks together: they are copies. */
const bytesMax = 2 ** 30;
const firstFree = 1_024;

/** What a block made of its factors, and which it is. */
export interface BlockFactors {
  readonly place: number;
  /** Those of all blocks, one after another. */
  readonly factors: Float64Array;
}

/** Rows of many small blocks, and what comes of all of them, with the bits of the plain loops. */
export interface Blocks {
  /** Of a row. */
  readonly columns: number;
  /** Takes blocks at the next places; false where there is no room, or they are of another kind. */
  add(blocks: readonly (readonly DenseRows[])[]): boolean;
  /** The factors of all blocks: of every row the product with `sources`, slab after slab. */
  multiply(sources: Float64Array): Float64Array<ArrayBuffer>;
  /** No number that a block makes of its factors is larger; NaN where a factor is none. */
  boundOf(of: BlockFactors): number;
  /** What a block makes of its factors: its rows' sum, each times its factor, in float32. */
  combine(of: BlockFactors): Float32Array<ArrayBuffer>;
  /** Adds what blocks make of their factors to `sums`, and times `step` to `moved`, in order. */
  addUp(
    blocks: readonly BlockFactors[],
    step: number,
    to: { readonly sums: Float64Array; readonly moved: Float64Array },
  ): void;
}

interface Slab {
  readonly from: number;
  readonly columns: number;
  readonly values: number;
}

/**
 * Rows of many small blocks, copied side by side into a kernel's memory, slab by slab: products
 * with each block's rows and sums over many blocks have the bits of the plain loops.
 */
export class BlockRows implements Blocks {
  readonly columns: number;
  private readonly shape: readonly DenseRows[];
  /** Where each block's rows begin among all, and where the last one's end. */
  private readonly firstRows: number[] = [0];
  /** There is room for so many rows of all blocks. */
  private readonly rowsMax: number;
  /** The greatest magnitude in each row. */
  private readonly greatest: Float32Array<ArrayBuffer>;
  private readonly slabs: readonly Slab[];
  private readonly instance: RowsInstance;
  private readonly at: Places;
  private readonly list: Uint32Array<ArrayBuffer>;
  private readonly factors: Float64Array<ArrayBuffer>;

  /** Without blocks: `shape` is that of their slabs. */
  constructor(shape: readonly DenseRows[], rowsMax: number) {
    this.shape = shape;
    this.columns = widthOf(shape);
    this.rowsMax = rowsMax;
    this.at = placesIn(this.columns, rowsMax);
    const slabs: Slab[] = [];
    let [from, values] = [0, this.at.values];
    for (const { columns } of shape) {
      slabs.push({ from, columns, values });
      from += columns;
      values += 4 * columns * rowsMax;
    }
    this.slabs = slabs;
    this.instance = instantiateRows(values);
    const { memory } = this.instance;
    this.greatest = new Float32Array(rowsMax);
    this.list = new Uint32Array(memory, this.at.list, 2 * blocksMax);
    this.factors = new Float64Array(memory, this.at.factors, blocksMax + blockRowsMax);
  }

  /** Of all blocks. */
  get rows(): number {
    return this.firstRows.at(-1)!;
  }

  add(blocks: readonly (readonly DenseRows[])[]): boolean {
    const rows = blocks.reduce((sum, slabs) => sum + rowsOf(slabs), this.rows);
    if (rows > this.rowsMax || !blocks.every((slabs) => isLike(slabs, this.shape))) return false;
    for (const block of blocks) {
      const first = this.rows;
      this.firstRows.push(first + rowsOf(block));
      for (const [s, rows] of block.entries()) this.copy(first, this.slabs[s]!, rows);
    }
    return true;
  }

  firstRow(place: number): number {
    return this.firstRows[place]!;
  }

  endRow(place: number): number {
    return this.firstRows[place + 1]!;
  }

  multiply(sources: Float64Array): Float64Array<ArrayBuffer> {
    const { memory, kernels } = this.instance;
    const { rows } = this;
    new Float64Array(memory, this.at.sources, this.columns).set(sources);
    const factors = new Float64Array(rows);
    const products = new Float64Array(memory, this.at.products, rows);
    for (const { from, columns, values } of this.slabs) {
      const by = this.at.sources + 8 * from;
      kernels.rowProducts(values, rows, columns, by, this.at.products);
      for (let row = 0; row < rows; row++) factors[row]! += products[row]!;
    }
    return factors;
  }

  boundOf({ place, factors }: BlockFactors): number {
    let bound = 0;
    for (let row = this.firstRow(place); row < this.endRow(place); row++)
      bound += this.greatest[row]! * Math.abs(factors[row]!);
    // Sums of several rows round as well: a little more is no less.
    return Math.fround(1.001 * bound);
  }

  combine({ place, factors }: BlockFactors): Float32Array<ArrayBuffer> {
    const sum = new Float64Array(this.columns);
    const [first, end] = [this.firstRow(place), this.endRow(place)];
    for (const { from, columns, values } of this.slabs) {
      const rows = new Float32Array(this.instance.memory, values, columns * this.rowsMax);
      for (let row = first; row < end; row++) {
        const [factor, at] = [factors[row]!, row * columns];
        for (let j = 0; j < columns; j++) sum[from + j]! += rows[at + j]! * factor;
      }
    }
    return new Float32Array(sum);
  }

  addUp(
    blocks: readonly BlockFactors[],
    step: number,
    { sums, moved }: { readonly sums: Float64Array; readonly moved: Float64Array },
  ): void {
    const { memory } = this.instance;
    const [ownSums, ownMoved] = [
      new Float64Array(memory, this.at.sums, this.columns),
      new Float64Array(memory, this.at.moved, this.columns),
    ];
    ownSums.set(sums);
    ownMoved.set(moved);
    let [count, used] = [0, 0];
    for (const { place, factors } of blocks) {
      const [first, end] = [this.firstRow(place), this.endRow(place)];
      this.list[2 * count] = first;
      this.list[2 * count + 1] = end - first;
      for (let row = first; row < end; row++) this.factors[used++] = factors[row]!;
      count++;
      if (count < blocksMax && used < blocksMax) continue;
      this.addListed(count, step);
      count = used = 0;
    }
    this.addListed(count, step);
    sums.set(ownSums);
    moved.set(ownMoved);
  }

  private addListed(count: number, step: number): void {
    const { list, factors, sums, moved } = this.at;
    for (const { from, columns, values } of this.slabs) {
      const [sum, there] = [sums + 8 * from, moved + 8 * from];
      this.instance.kernels.addBlockSums(list, count, factors, values, columns, step, sum, there);
    }
  }

  private copy(first: number, slab: Slab, { values, columns }: DenseRows): void {
    const to = slab.values + 4 * columns * first;
    new Float32Array(this.instance.memory, to, values.length).set(values);
    for (let row = 0; row * columns < values.length; row++) {
      let greatest = this.greatest[first + row]!;
      for (let at = row * columns; at < (row + 1) * columns; at++)
        greatest = Math.max(greatest, Math.abs(values[at]!));
      this.greatest[first + row] = greatest;
    }
  }
}

/**
 * With room for so many blocks like these; null where they are large, of different shapes, or in a
 * kernel's memory already.
 */
export function blockRowsOf(
  blocks: readonly (readonly DenseRows[])[],
  count: number,
): BlockRows | null {
  // A block without rows may have no slabs.
  const shape = blocks.find((slabs) => slabs.length > 0);
  if (shape === undefined || !blocks.every((slabs) => isLike(slabs, shape))) return null;
  const rows = blocks.reduce((sum, slabs) => sum + rowsOf(slabs), 0);
  const rowsMax = Math.ceil(1.05 * rows * Math.max(1, count / blocks.length)) + blockRowsMax;
  if (4 * rowsMax * widthOf(shape) > bytesMax) return null;
  const made = new BlockRows(shape, rowsMax);
  return made.add(blocks) ? made : null;
}

export function isLike(slabs: readonly DenseRows[], shape: readonly DenseRows[]): boolean {
  const rows = rowsOf(slabs);
  if (rows > blockRowsMax || (slabs.length !== shape.length && slabs.length > 0)) return false;
  return slabs.every(
    (slab, s) =>
      slab.columns === shape[s]!.columns && slab.rows === rows && wasmMatrixOf(slab) === undefined,
  );
}

export function rowsOf(slabs: readonly DenseRows[]): number {
  return slabs[0]?.rows ?? 0;
}

export function widthOf(slabs: readonly DenseRows[]): number {
  return slabs.reduce((sum, { columns }) => sum + columns, 0);
}

type Places = ReturnType<typeof placesIn>;

/** Where things are in the memory, in bytes. */
function placesIn(columns: number, rows: number) {
  const sums = firstFree;
  const moved = sums + 8 * columns;
  const sources = moved + 8 * columns;
  const products = sources + 8 * columns;
  const factors = products + 8 * rows;
  const list = factors + 8 * (blocksMax + blockRowsMax);
  const values = list + 8 * blocksMax;
  return { sums, moved, sources, products, factors, list, values };
}
