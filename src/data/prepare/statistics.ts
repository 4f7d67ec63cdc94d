/**
 * Mean and variance of each column of a table, missing values left out. Sums are of distances from
 * a column's first value: as that value is one of them, its squared distance from the mean is at
 * most n variances, so one pass loses at most about n times the unit roundoff.
 */
export class ColumnStatistics {
  private readonly width: number;
  private readonly counts: Float64Array;
  private readonly firsts: Float64Array;
  private readonly sums: Float64Array;
  private readonly squares: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.counts = new Float64Array(width);
    this.firsts = new Float64Array(width).fill(Number.NaN);
    this.sums = new Float64Array(width);
    this.squares = new Float64Array(width);
  }

  /** Adds the row at `cells[base]`. */
  add(cells: Float64Array, base: number): void {
    const { width, counts, firsts, sums, squares } = this;
    for (let j = 0; j < width; j++) {
      const value = cells[base + j]!;
      let distance = value - firsts[j]!;
      if (Number.isNaN(distance)) {
        if (Number.isNaN(value)) continue;
        firsts[j] = value;
        distance = 0;
      }
      counts[j]! += 1;
      sums[j]! += distance;
      squares[j]! += distance * distance;
    }
  }

  /** Zero where there are no values. */
  mean(column: number): number {
    const count = this.counts[column]!;
    return count === 0 ? 0 : this.firsts[column]! + this.sums[column]! / count;
  }

  /** Of the values as a population. */
  variance(column: number): number {
    const count = Math.max(1, this.counts[column]!);
    const sum = this.sums[column]!;
    return Math.max(0, (this.squares[column]! - (sum * sum) / count) / count);
  }

  /** The root of the variance; 1 where all values are the same. */
  deviation(column: number): number {
    if (this.squares[column] === 0) return 1;
    const deviation = Math.sqrt(this.variance(column));
    return deviation > 0 ? deviation : 1;
  }
}

/** How often each level of a column occurs. */
export class LevelCounts {
  private counts = new Float64Array(16);

  add(level: number): void {
    if (level >= this.counts.length) {
      const wider = new Float64Array(Math.max(level + 1, this.counts.length * 2));
      wider.set(this.counts);
      this.counts = wider;
    }
    this.counts[level]! += 1;
  }

  of(level: number): number {
    return this.counts[level] ?? 0;
  }
}
