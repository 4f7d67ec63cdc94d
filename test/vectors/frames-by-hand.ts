import { type DenseMatrix, matrix, product, row } from "../../src/testing/dense.ts";

/*
 * Encoding matrices written down from their definitions, with unit rows: what the fast codes are
 * compared with.
 */

/** Sylvester's H_N by its recursion [[H, H], [H, -H]]. */
export function sylvester(order: number): DenseMatrix {
  if (order === 1) return matrix(1, 1, () => 1);
  const half = sylvester(order / 2);
  return matrix(order, order, (i, j) => {
    const entry = row(half, i % half.rows)[j % half.rows]!;
    return i >= half.rows && j >= half.rows ? -entry : entry;
  });
}

/** Columns of H_N whose index has, in base 4, an odd number of threes, or an even one. */
export function hadamardFrame(order: number, parity: "even" | "odd"): DenseMatrix {
  const h = sylvester(order);
  const chosen = [...Array(order).keys()].filter((column) => {
    const threes = column.toString(4).replaceAll(/[^3]/g, "").length;
    return (threes % 2 === 1) === (parity === "odd");
  });
  return matrix(order, chosen.length, (i, j) => row(h, i)[chosen[j]!]! / Math.sqrt(chosen.length));
}

/** Haar's orthonormal H_N by its recursion [H x (1 1); I x (1 -1)] / sqrt(2). */
export function haarMatrix(order: number): DenseMatrix {
  if (order === 1) return matrix(1, 1, () => 1);
  const half = order / 2;
  const coarse = haarMatrix(half);
  return matrix(order, order, (i, j) => {
    if (i < half) return row(coarse, i)[j >> 1]! / Math.SQRT2;
    return j >> 1 === i - half ? (j % 2 === 0 ? 1 : -1) / Math.SQRT2 : 0;
  });
}

/** The conference matrix [[0, 1'], [1, Q]], Q_ij = 1 where i - j is a square mod q, else -1. */
export function conference(q: number): DenseMatrix {
  const squares = new Set(Array.from({ length: q - 1 }, (_, i) => ((i + 1) * (i + 1)) % q));
  return matrix(q + 1, q + 1, (i, j) => {
    if (i === j) return 0;
    if (i === 0 || j === 0) return 1;
    return squares.has((i - j + q) % q) ? 1 : -1;
  });
}

/** H of order v by Paley's first construction, q = v - 1 a prime that is 3 mod 4. */
export function paleyHadamard(v: number): DenseMatrix {
  const q = v - 1;
  const squares = new Set(Array.from({ length: q - 1 }, (_, i) => ((i + 1) * (i + 1)) % q));
  return matrix(v, v, (i, j) => {
    if (j === 0) return 1;
    if (i === 0) return 1;
    if (i === j) return -1;
    return squares.has((i - j + q) % q) ? -1 : 1;
  });
}

/** Column {i, j}: in block i and in block j a column of H of its own, none the first. */
export function steinerFrame(v: number, h: DenseMatrix): DenseMatrix {
  const pairs = [...Array(v).keys()].flatMap((i) =>
    [...Array(i).keys()].map((j): [number, number] => [j, i]),
  );
  const frame = matrix(v * v, pairs.length);
  for (let block = 0; block < v; block++) {
    const inBlock = [...pairs.keys()].filter((at) => pairs[at]!.includes(block));
    for (let t = 0; t < v; t++)
      for (const at of inBlock) {
        const other = pairs[at]!.find((member) => member !== block)!;
        const place = other < block ? other + 1 : other;
        row(frame, block * v + t)[at] = row(h, t)[place]! / Math.sqrt(v - 1);
      }
  }
  return frame;
}

/** SS'. */
export function outer(s: DenseMatrix): DenseMatrix {
  return product(
    s,
    matrix(s.columns, s.rows, (i, j) => row(s, j)[i]!),
  );
}
