import { assert } from "../../core/errors.ts";
import { instantiateTensors } from "./instance.ts";

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
  /** C = A B with m rows, k terms and n columns; rows of C are contiguous. */
  multiply(a: Matrix, b: Matrix, c: Matrix, m: number, k: number, n: number): void;
  /**
   * C = A' B of matrices whose rows follow one another, k rows of m and of n numbers, to the same
   * bits; quicker where many numbers of B are zeros. k is at most 1,024.
   */
  multiplyRectified(a: Matrix, b: Matrix, c: Matrix, m: number, k: number, n: number): void;
  /**
   * To each of so many rows of `units` numbers the bias at an offset, where there is one, then zero
   * for what is below it where `isRectified`; in place.
   */
  addBias(x: Matrix, rows: number, units: number, bias: number | null, isRectified: boolean): void;
  /** Zeros for the numbers of `slopes` whose own of `x` is zero or below, in place. */
  stopSlopes(x: Matrix, slopes: Matrix, length: number): void;
}

/**
 * Bytes beside its operands that a product needs (`wasm/matrices.as`): a panel of eight columns, or
 * panels of them and strips of rows where a row's terms are not side by side.
 */
export function productRoom(m: number, k: number, n: number, areRowsApart: boolean): number {
  const columns = areRowsApart ? Math.min(256, 8 * Math.ceil(n / 8)) : 8;
  const rows = areRowsApart ? Math.min(64, 4 * Math.ceil(m / 4)) : 0;
  return 128 + 4 * Math.min(k, 256) * (rows + columns);
}

/** Room for `length` numbers in all, and for products. */
export function matrixRoom(length: number): MatrixRoom {
  const start = productRoom(sideMax, sideMax, sideMax, true);
  const { memory, kernels } = instantiateTensors(start + 4 * length);
  const floats = new Float32Array(memory, 0, Math.floor(memory.byteLength / 4));
  let end = start / 4;
  const multiply: MatrixRoom["multiply"] = (a, b, c, m, k, n) => {
    const [aAt, aRow, aTerm] = bytesOf(a);
    const [bAt, bTerm, bColumn] = bytesOf(b);
    const [cAt, cRow] = bytesOf(c);
    kernels.tightProduct(aAt, aRow, aTerm, bAt, bTerm, bColumn, cAt, cRow, m, k, n, roomAt, 0);
  };
  return {
    floats,
    multiply,
    multiplyRectified(a, b, c, m, k, n) {
      assert(k <= 1024 && a.rowStride === m && b.rowStride === n && c.rowStride === n, "rows");
      const done = kernels.rectifiedProduct(4 * a.at, 4 * b.at, 4 * c.at, k, m, n, roomAt);
      if (done === 0) multiply(transposed(a), b, c, m, k, n);
    },
    addBias({ at }, rows, units, bias, isRectified) {
      // Nothing is at 0: the rooms of products come first.
      kernels.biasUnits(4 * at, rows, units, bias === null ? 0 : 4 * bias, Number(isRectified));
    },
    stopSlopes: (x, slopes, length) => kernels.stopSlopes(4 * x.at, 4 * slopes.at, length),
    take(count) {
      const at = end;
      end += count;
      return at;
    },
  };
}

const sideMax = 1 << 20;
/** There are no tables below it. */
const roomAt = 0;

function bytesOf({ at, rowStride, columnStride }: Matrix): [number, number, number] {
  return [4 * at, 4 * rowStride, 4 * columnStride];
}

/** The same numbers, rows for columns. */
export function transposed({ at, rowStride, columnStride }: Matrix): Matrix {
  return { at, rowStride: columnStride, columnStride: rowStride };
}
