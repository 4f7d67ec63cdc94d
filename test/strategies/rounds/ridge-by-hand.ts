import { halfSquares, solve } from "../../run/by-hand.ts";
import type { linearExamples } from "../../run/fixtures.ts";

type DenseExamples = ReturnType<typeof linearExamples>;

/** (1/2n) |Xw - y|^2 + (l2/2) |w|^2. */
export function ridgeObjective(
  examples: DenseExamples,
  l2: number,
  weights: ArrayLike<number>,
): number {
  const square = Array.from(weights).reduce((sum, value) => sum + value * value, 0);
  return halfSquares([examples], weights) / examples.rows.rows + (l2 / 2) * square;
}

/** Its least value by the dual, w = X'(XX' + n l2 I)^-1 y, for fewer rows than columns. */
export function leastRidge(examples: DenseExamples, l2: number): number {
  const { targets } = examples;
  const { values, rows, columns } = examples.rows as Extract<
    DenseExamples["rows"],
    { kind: "dense" }
  >;
  const x = Array.from({ length: rows }, (_, i) => values.subarray(i * columns, (i + 1) * columns));
  const kernel = x.map((a, i) =>
    x.map((b, j) => {
      let sum = i === j ? rows * l2 : 0;
      for (let k = 0; k < columns; k++) sum += a[k]! * b[k]!;
      return sum;
    }),
  );
  const dual = solve(kernel, [...targets]);
  const weights = new Float64Array(columns);
  for (const [i, row] of x.entries())
    for (let k = 0; k < columns; k++) weights[k]! += dual[i]! * row[k]!;
  return ridgeObjective(examples, l2, weights);
}
