import type { DenseRows } from "../rows.ts";
import { type BlockFactors, type Blocks, isLike, rowsOf, widthOf } from "./block-rows.ts";
import { instantiateRows, type RowsInstance } from "./instance.ts";
import { isSigned, rowsMax, type Signed, signedOf } from "./signed-entries.ts";

const patterns = 2 ** rowsMax;
/** Blocks that are handed over at once. */
const listMax = 256;
const bytesMax = 2 ** 30;
const firstFree = 1_024;

interface Slab {
  readonly from: number;
  readonly columns: number;
  /** So many of them have entries of their own. */
  readonly dense: number;
  readonly signs: number;
  readonly entries: number;
}

/**
 * Blocks of whose entries nearly all are +a or -a, as those of a Hadamard frame are: their signs
 * alone are a byte a column, and go through a kernel in an eighth of the time. Products and sums
 * have the bits of the plain loops over the entries.
 */
export class SignBlocks implements Blocks {
  readonly columns: number;
  private readonly shape: readonly DenseRows[];
  private readonly of: Signed;
  private readonly blocksMax: number;
  /** Rows of each block so far. */
  private readonly rows: number[] = [];
  /** The greatest magnitude in each row, `rowsMax` a block. */
  private readonly greatest: Float32Array<ArrayBuffer>;
  private readonly slabs: readonly Slab[];
  private readonly instance: RowsInstance;
  private readonly at: ReturnType<typeof placesIn>;

  /** Without blocks: `shape` is that of their slabs. */
  constructor(shape: readonly DenseRows[], of: Signed, blocksMax: number) {
    this.shape = shape;
    this.of = of;
    this.blocksMax = blocksMax;
    this.columns = widthOf(shape);
    this.at = placesIn(this.columns, blocksMax);
    const slabs: Slab[] = [];
    let [from, end] = [0, this.at.blocks];
    for (const { columns } of shape) {
      const dense = Math.min(columns, Math.max(0, of.dense - from));
      const [entries, signs] = [end, end + 16 * dense * blocksMax];
      slabs.push({ from, columns, dense, entries, signs });
      from += columns;
      end = roundedUp(signs + (columns - dense) * blocksMax);
    }
    this.slabs = slabs;
    this.instance = instantiateRows(end);
    this.greatest = new Float32Array(rowsMax * blocksMax);
    const masks = new Uint32Array(this.instance.memory, this.at.masks, 2 * rowsMax * patterns);
    for (let i = 0; i < rowsMax * patterns; i++)
      masks[2 * i + 1] = ((i >> 2) >> (i & 3)) & 1 ? 2 ** 31 : 0;
  }

  add(blocks: readonly (readonly DenseRows[])[]): boolean {
    if (this.rows.length + blocks.length > this.blocksMax) return false;
    if (!blocks.every((slabs) => isLike(slabs, this.shape) && isSigned(slabs, this.of)))
      return false;
    for (const block of blocks) {
      const place = this.rows.length;
      this.rows.push(rowsOf(block));
      for (const [s, rows] of block.entries()) this.copy(place, this.slabs[s]!, rows);
    }
    return true;
  }

  multiply(sources: Float64Array): Float64Array<ArrayBuffer> {
    const { memory, kernels } = this.instance;
    const { magnitude, dense } = this.of;
    const { length: blocks } = this.rows;
    const by = new Float64Array(memory, this.at.sources, this.columns);
    for (let j = 0; j < by.length; j++) by[j] = j < dense ? sources[j]! : magnitude * sources[j]!;
    const products = new Float64Array(memory, this.at.products, rowsMax * blocks).fill(0);
    for (const { from, columns, dense, signs, entries } of this.slabs) {
      const [stride, source] = [columns - dense, this.at.sources + 8 * from];
      const { masks, products } = this.at;
      const sizes = [blocks, columns, dense] as const;
      kernels.signProducts(signs, stride, entries, 16 * dense, ...sizes, source, masks, products);
    }
    for (let place = 0; place < blocks; place++)
      products.fill(0, rowsMax * place + this.rows[place]!, rowsMax * (place + 1));
    return products.slice();
  }

  boundOf({ place, factors }: BlockFactors): number {
    let bound = 0;
    for (let row = rowsMax * place; row < rowsMax * (place + 1); row++)
      bound += this.greatest[row]! * Math.abs(factors[row]!);
    // Sums of several rows round as well: a little more is no less.
    return Math.fround(1.001 * bound);
  }

  combine({ place, factors }: BlockFactors): Float32Array<ArrayBuffer> {
    const sum = new Float32Array(this.columns);
    const table = new Float64Array(2 * patterns);
    this.tabulate(factors, place, 1, table);
    for (const slab of this.slabs) {
      for (let j = 0; j < slab.dense; j++)
        sum[slab.from + j] = this.denseSum(slab, place, j, factors);
      const signs = this.signsOf(slab, place);
      for (let j = 0; j < signs.length; j++)
        sum[slab.from + slab.dense + j] = table[signs[j]! >> 3]!;
    }
    return sum;
  }

  addUp(
    blocks: readonly BlockFactors[],
    step: number,
    { sums, moved }: { readonly sums: Float64Array; readonly moved: Float64Array },
  ): void {
    const pairs = new Float64Array(this.instance.memory, this.at.pairs, 2 * this.columns);
    for (let j = 0; j < sums.length; j++) {
      pairs[2 * j] = sums[j]!;
      pairs[2 * j + 1] = moved[j]!;
    }
    const { memory, kernels } = this.instance;
    const list = new Uint32Array(memory, this.at.list, listMax);
    const tables = new Float64Array(memory, this.at.tables, 2 * patterns * listMax);
    for (let from = 0; from < blocks.length; from += listMax) {
      const some = blocks.slice(from, from + listMax);
      for (const [i, { place, factors }] of some.entries()) {
        list[i] = place;
        this.tabulate(factors, place, step, tables, 2 * patterns * i);
      }
      for (const slab of this.slabs) {
        if (slab.dense > 0) this.addDense(slab, some, step, pairs);
        const to = this.at.pairs + 16 * (slab.from + slab.dense);
        const stride = slab.columns - slab.dense;
        const { list, tables } = this.at;
        kernels.addSignSums(list, some.length, tables, slab.signs, stride, stride, to);
      }
    }
    for (let j = 0; j < sums.length; j++) {
      sums[j] = pairs[2 * j]!;
      moved[j] = pairs[2 * j + 1]!;
    }
  }

  /** What a column comes to under each pattern of signs, as it is and times the step. */
  private tabulate(
    factors: Float64Array,
    place: number,
    step: number,
    table: Float64Array,
    at = 0,
  ): void {
    for (let i = 0; i < patterns; i++) table[at + 2 * i] = 0;
    for (let row = 0; row < rowsMax; row++) {
      const term = this.of.magnitude * factors[rowsMax * place + row]!;
      for (let i = 0; i < 2 ** row; i++) {
        const before = table[at + 2 * i]!;
        table[at + 2 * i] = before + term;
        table[at + 2 * (i + 2 ** row)] = before - term;
      }
    }
    for (let i = 0; i < patterns; i++) {
      const value = Math.fround(table[at + 2 * i]!);
      table[at + 2 * i] = value;
      table[at + 2 * i + 1] = step * value;
    }
  }

  private addDense(
    slab: Slab,
    blocks: readonly BlockFactors[],
    step: number,
    pairs: Float64Array,
  ): void {
    for (const { place, factors } of blocks)
      for (let j = 0; j < slab.dense; j++) {
        const value = this.denseSum(slab, place, j, factors);
        pairs[2 * (slab.from + j)]! += value;
        pairs[2 * (slab.from + j) + 1]! += step * value;
      }
  }

  /** What a block comes to in a column that has entries of its own. */
  private denseSum({ entries, dense }: Slab, place: number, j: number, factors: Float64Array) {
    const at = entries / 4 + rowsMax * (dense * place + j);
    let sum = 0;
    for (let row = 0; row < rowsMax; row++)
      sum += this.numbers()[at + row]! * factors[rowsMax * place + row]!;
    return Math.fround(sum);
  }

  private known: Float32Array<ArrayBuffer> | undefined;

  private numbers(): Float32Array<ArrayBuffer> {
    this.known ??= new Float32Array(this.instance.memory);
    return this.known;
  }

  private signsOf({ signs, columns, dense }: Slab, place: number): Uint8Array<ArrayBuffer> {
    const stride = columns - dense;
    return new Uint8Array(this.instance.memory, signs + stride * place, stride);
  }

  private copy(place: number, slab: Slab, { rows, columns, values }: DenseRows): void {
    const { dense, entries } = slab;
    const [signs, numbers] = [this.signsOf(slab, place), this.numbers()];
    for (let row = 0; row < rows; row++) {
      let greatest = Math.max(this.greatest[rowsMax * place + row]!, this.of.magnitude);
      for (let j = 0; j < dense; j++) {
        const value = values[row * columns + j]!;
        numbers[entries / 4 + rowsMax * (dense * place + j) + row] = value;
        greatest = Math.max(greatest, Math.abs(value));
      }
      this.greatest[rowsMax * place + row] = greatest;
      const from = row * columns + dense;
      for (let j = 0; j < signs.length; j++) if (values[from + j]! < 0) signs[j]! |= 16 << row;
    }
  }
}

/** With room for so many blocks; null where these are not of that kind, or too large. */
export function signBlocksOf(
  blocks: readonly (readonly DenseRows[])[],
  count: number,
): SignBlocks | null {
  const shape = blocks.find((slabs) => slabs.length > 0);
  if (shape === undefined || widthOf(shape) * count > bytesMax) return null;
  const signed = signedOf(blocks, shape);
  if (signed === null) return null;
  const made = new SignBlocks(shape, signed, Math.max(count, blocks.length));
  return made.add(blocks) ? made : null;
}

function roundedUp(bytes: number): number {
  return 16 * Math.ceil(bytes / 16);
}

/** Where things are in the memory, in bytes. */
function placesIn(columns: number, blocks: number) {
  const masks = firstFree;
  const list = masks + 8 * rowsMax * patterns;
  const tables = list + 4 * listMax;
  const pairs = tables + 16 * patterns * listMax;
  const sources = pairs + 16 * columns;
  const products = roundedUp(sources + 8 * columns);
  return { masks, list, tables, pairs, sources, products, blocks: products + 32 * blocks };
}
