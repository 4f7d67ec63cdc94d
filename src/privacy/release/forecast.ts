import { symmetricSpectrum } from "./eigenvalues.ts";
import { type DataTable, gramOfTable } from "./table.ts";

/**
 * What least squares on released data is expected to cost: f(theta) / f* - 1 on the data as they
 * are, f being the sum of squared residuals. Made of the private data, so for their owner alone.
 */
export interface Forecaster {
  /** f*, of the data themselves. */
  readonly best: number;
  /** f(0) / f* - 1: what knowing nothing costs. */
  readonly useless: number;
  /** Noise of this variance on every number: least squares tends to ridge with n sigma^2. */
  additive(variance: number): number;
  /** r mixtures with noise of this variance; exact. Infinite where there are too few. */
  projection(rows: number, variance: number): number;
}

export function forecaster(table: DataTable): Forecaster {
  const { rows, columns } = table;
  const d = columns - 1;
  const gram = gramOfTable(table);
  const x = new Float64Array(d * d);
  for (let p = 0; p < d; p++) for (let q = 0; q < d; q++) x[p * d + q] = gram[p * columns + q]!;
  const { values, vectors } = symmetricSpectrum(x, d);
  const yy = gram[d * columns + d]!;
  // X'y in the eigenvectors' coordinates: every ridge solution is then at hand.
  const b = Float64Array.from(vectors, (vector) =>
    vector.reduce((sum, value, p) => sum + value * gram[p * columns + d]!, 0),
  );
  const residual = (l2: number) => {
    let f = yy;
    let norm = 0;
    for (let j = 0; j < d; j++) {
      if (values[j]! + l2 <= 0) continue;
      const theta = b[j]! / (values[j]! + l2);
      f += theta * (values[j]! * theta - 2 * b[j]!);
      norm += theta * theta;
    }
    return { f, norm };
  };
  const best = residual(0).f;
  return {
    best,
    useless: yy / best - 1,
    additive: (variance) => residual(rows * variance).f / best - 1,
    projection(sketchRows, variance) {
      const spare = sketchRows - d - 1;
      if (spare <= 0) return Number.POSITIVE_INFINITY;
      const { f, norm } = residual(variance);
      const penalised = f + variance * (1 + norm);
      let freedom = 0;
      for (const value of values) freedom += value > 0 ? value / (value + variance) : 0;
      return (f + (penalised / spare) * freedom) / best - 1;
    },
  };
}

/** A number of mixtures, the noise that it needs, and what both are expected to cost. */
export interface SketchForecast {
  readonly rows: number;
  readonly variance: number;
  readonly error: number;
}

/** The number of mixtures at which the forecast is best: roughly first, then around that. */
export function bestRows(
  { projection }: Forecaster,
  columns: number,
  rowsMax: number,
  varianceOf: (rows: number) => number,
): SketchForecast {
  let best: SketchForecast = { rows: 0, variance: 0, error: Number.POSITIVE_INFINITY };
  const consider = (rows: number) => {
    const variance = varianceOf(rows);
    const error = projection(rows, variance);
    if (error < best.error) best = { rows, variance, error };
  };
  for (let rows = columns + 1; rows < rowsMax; rows = Math.ceil(rows * coarse)) consider(rows);
  consider(rowsMax);
  const from = Math.max(columns + 1, Math.floor(best.rows / coarse));
  const to = Math.min(rowsMax, Math.ceil(best.rows * coarse));
  const step = Math.max(1, Math.floor((to - from) / finePoints));
  for (let rows = from; rows <= to; rows += step) consider(rows);
  return best;
}

const coarse = 1.15;
const finePoints = 300;
