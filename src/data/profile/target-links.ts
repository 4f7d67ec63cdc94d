import type { DenseWindow } from "../formats/table.ts";

/** Values of a column whose targets are remembered, and classes whose ranges are. */
const valuesMax = 1_000;
const classesMax = 20;
/** A value, or a class, says nothing of others with fewer rows than this each. */
const rowsEach = 20;
/** Beyond this a column is the target in other units. */
const correlationMax = 0.9999;

/** Looks whether one column alone tells the target, as what is known only afterwards does. */
export class TargetLinks {
  readonly #targetAt: number;
  readonly #links: readonly ColumnLink[];

  constructor(columns: number, targetAt: number) {
    this.#targetAt = targetAt;
    this.#links = Array.from({ length: columns }, () => new ColumnLink());
  }

  add({ cells, rows, width }: DenseWindow): void {
    if (this.#targetAt < 0) return;
    for (let row = 0; row < rows; row++) {
      const base = row * width;
      const target = cells[base + this.#targetAt]!;
      if (Number.isNaN(target)) continue;
      for (let column = 0; column < width; column++)
        if (column !== this.#targetAt) this.#links[column]!.add(cells[base + column]!, target);
    }
  }

  /** Why the column looks like the target under another name; null where it does not. */
  suspicion(column: number, isClasses: boolean, isOrdered: boolean): string | null {
    const link = this.#links[column]!;
    if (!isClasses) return isOrdered ? link.correlated() : null;
    return link.decided() ?? (isOrdered ? link.separated() : null);
  }
}

class ColumnLink {
  /** The one target that stands beside each value; NaN where there are several. */
  readonly #targets = new Map<number, number>();
  #hasMoreValues = false;
  readonly #ranges = new Map<number, { least: number; greatest: number; rows: number }>();
  #hasMoreClasses = false;
  #rows = 0;
  #first: { value: number; target: number } | null = null;
  #sums = { value: 0, target: 0, values: 0, targets: 0, products: 0 };

  add(value: number, target: number): void {
    if (Number.isNaN(value)) return;
    this.#rows++;
    this.#addValue(value, target);
    this.#addRange(value, target);
    this.#first ??= { value, target };
    const x = value - this.#first.value;
    const y = target - this.#first.target;
    this.#sums.value += x;
    this.#sums.target += y;
    this.#sums.values += x * x;
    this.#sums.targets += y * y;
    this.#sums.products += x * y;
  }

  #addValue(value: number, target: number): void {
    if (this.#hasMoreValues) return;
    const before = this.#targets.get(value);
    if (before === undefined && this.#targets.size === valuesMax) this.#hasMoreValues = true;
    else if (before === undefined) this.#targets.set(value, target);
    else if (before !== target) this.#targets.set(value, Number.NaN);
  }

  #addRange(value: number, target: number): void {
    if (this.#hasMoreClasses) return;
    const range = this.#ranges.get(target);
    if (range !== undefined) {
      range.least = Math.min(range.least, value);
      range.greatest = Math.max(range.greatest, value);
      range.rows++;
    } else if (this.#ranges.size === classesMax) this.#hasMoreClasses = true;
    else this.#ranges.set(target, { least: value, greatest: value, rows: 1 });
  }

  decided(): string | null {
    const { size } = this.#targets;
    if (this.#hasMoreValues || size < 2 || this.#rows < rowsEach * size) return null;
    const targets = [...this.#targets.values()];
    if (targets.some(Number.isNaN) || new Set(targets).size < 2) return null;
    return "each of its values stands beside one class alone";
  }

  separated(): string | null {
    const ranges = [...this.#ranges.values()].sort((a, b) => a.least - b.least);
    if (this.#hasMoreClasses || ranges.length < 2) return null;
    const isApart = ranges.every(({ least }, i) => i === 0 || least > ranges[i - 1]!.greatest);
    if (!isApart || ranges.some(({ rows }) => rows < rowsEach)) return null;
    return "its ranges in the classes do not meet";
  }

  correlated(): string | null {
    const { value, target, values, targets, products } = this.#sums;
    const n = this.#rows;
    const covariance = products - (value * target) / n;
    const scale = Math.sqrt((values - (value * value) / n) * (targets - (target * target) / n));
    const correlation = covariance / scale;
    if (n < rowsEach || !(Math.abs(correlation) > correlationMax)) return null;
    return `its correlation with the target is ${correlation.toFixed(5)}`;
  }
}
