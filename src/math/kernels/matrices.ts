import { firstFree, instantiate } from "./instance.ts";

/** A matrix of floats in a kernel's memory: where it is, and its strides in numbers. */
export interface Matrix {
  readonly at: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Room for matrices of floats, and their products. */
export interface MatrixRoom {
  /** Takes room for so many numbers, zeroed; its offset in `floats`. */
  take(length: number): number;
  /** All numbers; offsets of matrices count in it. */
  readonly floats: Float32Array;
  /**
   * C = A B with m rows, k terms and n columns. Rows of C are contiguous and have room for n
   * rounded up to 8 (`paddedLength`), where zeros come to stand.
   */
  multiply(a: Matrix, b: Matrix, c: Matrix, m: number, k: number, n: number): void;
}

/** Columns that a product writes where so many are wanted. */
export function paddedLength(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}

/** Room for `length` numbers in all, and for products of up to `termsMax` terms. */
export function matrixRoom(length: number, termsMax: number): MatrixRoom {
  const panel = firstFree;
  const start = panel + 32 * termsMax;
  const { memory, kernels } = instantiate(start + 4 * (length + 8));
  const floats = new Float32Array(memory, 0, Math.floor(memory.byteLength / 4));
  let end = start / 4;
  return {
    floats,
    take(count) {
      const at = end;
      end += count;
      return at;
    },
    multiply(a, b, c, m, k, n) {
      const [aAt, aRow, aTerm] = bytesOf(a);
      const [bAt, bTerm, bColumn] = bytesOf(b);
      const [cAt, cRow] = bytesOf(c);
      kernels.product(aAt, aRow, aTerm, bAt, bTerm, bColumn, cAt, cRow, m, k, n, panel, 0);
    },
  };
}

function bytesOf({ at, rowStride, columnStride }: Matrix): [number, number, number] {
  return [4 * at, 4 * rowStride, 4 * columnStride];
}

/** The same numbers, rows for columns. */
export function transposed({ at, rowStride, columnStride }: Matrix): Matrix {
  return { at, rowStride: columnStride, columnStride: rowStride };
}
