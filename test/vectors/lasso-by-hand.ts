import type { Examples } from "../../src/math/rows.ts";

/**
 * argmin (1/2n) |Xw - y|^2 + l1 |w|_1 by cyclic coordinate descent in double precision, which
 * shares nothing with gradient methods: w_j <- S(x_j'(r + x_j w_j)/n, l1) / (|x_j|^2/n), until no
 * weight moves by more than `tolerance`.
 */
export function leastLasso(
  { rows, targets }: Examples,
  l1: number,
  tolerance = 1e-13,
): Float64Array<ArrayBuffer> {
  if (rows.kind !== "dense") throw new Error("dense rows were expected");
  const { columns, rows: n, values } = rows;
  const byColumn = new Float64Array(n * columns);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < columns; j++) byColumn[j * n + i] = values[i * columns + j]!;
  const weights = new Float64Array(columns);
  const residual = Float64Array.from(targets);
  for (let sweep = 0; sweep < 100_000; sweep++) {
    let moved = 0;
    for (let j = 0; j < columns; j++) {
      const x = byColumn.subarray(j * n, (j + 1) * n);
      let [square, product] = [0, 0];
      for (let i = 0; i < n; i++) {
        square += x[i]! * x[i]!;
        product += x[i]! * residual[i]!;
      }
      const pull = (product + square * weights[j]!) / n;
      const next = (Math.sign(pull) * Math.max(0, Math.abs(pull) - l1)) / (square / n);
      const change = next - weights[j]!;
      if (change === 0) continue;
      weights[j] = next;
      for (let i = 0; i < n; i++) residual[i]! -= change * x[i]!;
      moved = Math.max(moved, Math.abs(change));
    }
    if (moved <= tolerance) return weights;
  }
  throw new Error("coordinate descent did not settle");
}
