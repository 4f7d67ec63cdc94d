/**
 * Mean, deviation and level counts of each column of a table, window by window. Means and squared
 * deviations of windows are merged by Chan, Golub and LeVeque (1979), so precision does not suffer
 * from a large mean.
 */
export class ColumnStatistics {
  readonly width: number;
  /** Values that are not missing. */
  readonly counts: Float64Array;
  readonly means: Float64Array;
  private readonly squares: Float64Array;
  private readonly least: Float64Array;
  private readonly most: Float64Array;
  private readonly windowCounts: Float64Array;
  private readonly windowMeans: Float64Array;
  private readonly windowSquares: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.counts = new Float64Array(width);
    this.means = new Float64Array(width);
    this.squares = new Float64Array(width);
    this.least = new Float64Array(width).fill(Infinity);
    this.most = new Float64Array(width).fill(-Infinity);
    this.windowCounts = new Float64Array(width);
    this.windowMeans = new Float64Array(width);
    this.windowSquares = new Float64Array(width);
  }

  /** Adds the rows of `cells` that begin at `starts`. */
  add(cells: Float64Array, starts: Uint32Array): void {
    this.sum(cells, starts);
    this.square(cells, starts);
    this.merge();
  }

  /** Population deviation; 1 where all values are the same. */
  deviation(column: number): number {
    if (!(this.most[column]! > this.least[column]!)) return 1;
    const deviation = Math.sqrt(this.variance(column));
    return deviation > 0 ? deviation : 1;
  }

  variance(column: number): number {
    return this.squares[column]! / Math.max(1, this.counts[column]!);
  }

  private sum(cells: Float64Array, starts: Uint32Array): void {
    const { width, windowCounts, windowMeans, least, most } = this;
    windowCounts.fill(0);
    windowMeans.fill(0);
    for (let i = 0; i < starts.length; i++) {
      const base = starts[i]!;
      for (let j = 0; j < width; j++) {
        const value = cells[base + j]!;
        if (Number.isNaN(value)) continue;
        windowCounts[j]! += 1;
        windowMeans[j]! += value;
        if (value < least[j]!) least[j] = value;
        if (value > most[j]!) most[j] = value;
      }
    }
    for (let j = 0; j < width; j++) windowMeans[j]! /= Math.max(1, windowCounts[j]!);
  }

  private square(cells: Float64Array, starts: Uint32Array): void {
    const { width, windowMeans, windowSquares } = this;
    windowSquares.fill(0);
    for (let i = 0; i < starts.length; i++) {
      const base = starts[i]!;
      for (let j = 0; j < width; j++) {
        const distance = cells[base + j]! - windowMeans[j]!;
        if (!Number.isNaN(distance)) windowSquares[j]! += distance * distance;
      }
    }
  }

  private merge(): void {
    for (let j = 0; j < this.width; j++) {
      const added = this.windowCounts[j]!;
      if (added === 0) continue;
      const before = this.counts[j]!;
      const total = before + added;
      const gap = this.windowMeans[j]! - this.means[j]!;
      this.means[j]! += (gap * added) / total;
      this.squares[j]! += this.windowSquares[j]! + (gap * gap * before * added) / total;
      this.counts[j] = total;
    }
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
