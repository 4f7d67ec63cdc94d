import { discreteGaussian } from "../mechanisms/exact-draws.ts";
import { type Grid, gridFor, stepsOf, withGaussianNoise } from "../mechanisms/grid-noise.ts";
import { type SecretBits, secretNormals } from "../mechanisms/secret-draws.ts";
import type { DataTable } from "./table.ts";

/** D + N: every number with noise of this deviation, on a grid. */
export function additiveRelease(table: DataTable, sigma: number, bits: SecretBits): DataTable {
  return { ...table, values: withGaussianNoise(table.values, gridFor(sigma), bits) };
}

/**
 * (S D + N) / sqrt(n): that many random mixtures of all n rows, S standard normal, secret and drawn
 * anew for each release, on a grid. The same S for other data, or told to anybody, gives the rows
 * away. Divided so that a mean over mixtures stands for a mean over rows. `bound` is the public
 * size of numbers, which the grid goes by where there is no noise.
 */
export function projectionRelease(
  table: DataTable,
  plan: { readonly rows: number; readonly sigma: number; readonly bound: number },
  bits: SecretBits,
): DataTable {
  const { columns } = table;
  const sums = mixed(table, plan.rows, secretNormals(bits));
  const scale = 1 / Math.sqrt(table.rows);
  const sigma = plan.sigma * scale;
  const grid: Grid = sigma > 0 ? gridFor(sigma) : gridFor(plan.bound, plainGridLog2);
  const values = sums.map((sum) => {
    const noise = sigma > 0 ? discreteGaussian(grid.noiseSteps, bits) : 0;
    return (stepsOf(sum * scale, grid) + noise) * grid.step;
  });
  return { rows: plan.rows, columns, values };
}

/** Without noise the mixture alone hides: only its leading digits are told. */
const plainGridLog2 = 20;

/** S D, row by row of D, so that S is never held whole. */
function mixed(table: DataTable, rows: number, normal: () => number): Float64Array {
  const { columns, values } = table;
  const sums = new Float64Array(rows * columns);
  for (let i = 0; i < table.rows; i++) {
    const from = i * columns;
    for (let r = 0; r < rows; r++) {
      const s = normal();
      const to = r * columns;
      for (let j = 0; j < columns; j++) sums[to + j]! += s * values[from + j]!;
    }
  }
  return sums;
}
