import { binOf, eachTie, Scores, scoreBins, scoreCounts, type VisitTie } from "./scores.ts";

/** Scores that are kept one by one; 16 MiB. */
export const exactScoresMax = 2 ** 21;

/**
 * The area under the receiver operating characteristic of two classes: the probability that a
 * random row of the second class (target 1) scores higher than a random row of the first, ties
 * counting one half. It is no sum over rows, so rows hand their scores in here.
 *
 * Exact, ties included, for up to `scoresMax` rows. Beyond, memory stays at 512 KiB: counts of both
 * classes in bins of nearly equal scores. The area is then off by at most `errorMax()`.
 */
export class RocAuc {
  readonly #scoresMax: number;
  #counts: { readonly first: Uint32Array; readonly second: Uint32Array } | null = null;
  readonly #first = new Scores();
  readonly #second = new Scores();
  #hasNaN = false;
  /** Rows of both classes, and how many of them score above 0, which is taken for the second. */
  readonly #total: [first: number, second: number] = [0, 0];
  readonly #above: [first: number, second: number] = [0, 0];

  constructor(scoresMax = exactScoresMax) {
    this.#scoresMax = scoresMax;
  }

  /** A row's score, higher for the second class, and its class: 0 or 1. */
  add(score: number, target: number): void {
    const side = target > 0 ? 1 : 0;
    this.#total[side]++;
    if (score > 0) this.#above[side]++;
    if (Number.isNaN(score)) this.#hasNaN = true;
    else if (this.#counts !== null)
      this.#counts[target > 0 ? "second" : "first"][binOf(score)]! += 1;
    else {
      (target > 0 ? this.#second : this.#first).add(score);
      if (this.#first.length + this.#second.length > this.#scoresMax) this.#countInBins();
    }
  }

  /** Every row's score, in order. */
  addAll(scores: ArrayLike<number>, targets: ArrayLike<number>): void {
    for (let i = 0; i < targets.length; i++) this.add(scores[i]!, targets[i]!);
  }

  /** Rows that another one was told, as plain data. */
  addRows({ first, second, counts, total, above, hasNaN }: RocRows): void {
    if (hasNaN) this.#hasNaN = true;
    for (const side of [0, 1] as const) {
      this.#total[side] += total[side];
      this.#above[side] += above[side];
    }
    const before = this.#first.length + this.#second.length;
    const isExact = counts === null && this.#counts === null;
    if (isExact && before + first.length + second.length <= this.#scoresMax) {
      this.#first.merge(first);
      this.#second.merge(second);
      return;
    }
    if (this.#counts === null) this.#countInBins();
    for (const more of [scoreCounts(first, second), counts])
      for (const side of ["first", "second"] as const)
        for (let bin = 0; more !== null && bin < scoreBins; bin++)
          this.#counts![side][bin]! += more[side][bin]!;
  }

  rows(): RocRows {
    const [first, second] = [this.#first.sorted().slice(), this.#second.sorted().slice()];
    const [total, above] = [[...this.#total] as const, [...this.#above] as const];
    return { first, second, counts: this.#counts, total, above, hasNaN: this.#hasNaN };
  }

  get isExact(): boolean {
    return this.#counts === null;
  }

  /** Null where it is not defined: rows of one class alone, or scores that are no numbers. */
  value(): number | null {
    let before = 0;
    let ordered = 0;
    let second = 0;
    const isDefined = this.#eachGroup((a, b) => {
      ordered += b * (before + a / 2);
      before += a;
      second += b;
    });
    return isDefined ? ordered / (before * second) : null;
  }

  /**
   * The average precision of the second class: the precision at each score, weighed by the recall
   * that is gained there. Null where the area is.
   */
  averagePrecision(): number | null {
    let [first, second] = this.#total;
    let sum = 0;
    const isDefined = this.#eachGroup((a, b) => {
      sum += (b * second) / (first + second);
      first -= a;
      second -= b;
    });
    return isDefined ? sum / this.#total[1] : null;
  }

  /** Rows by their class and by the one that they are taken for. */
  confusion(): Confusion {
    const [firstAbove, secondAbove] = this.#above;
    const [first, second] = this.#total;
    return {
      first: { first: first - firstAbove, second: firstAbove },
      second: { first: second - secondAbove, second: secondAbove },
    };
  }

  /** How far `value()` may be off: half of the pairs that share a bin; 0 where it is exact. */
  errorMax(): number {
    if (this.#counts === null) return 0;
    let [first, second, tied] = [0, 0, 0];
    const isDefined = this.#eachGroup((a, b) => {
      first += a;
      second += b;
      tied += a * b;
    });
    return isDefined ? tied / 2 / (first * second) : 0;
  }

  /**
   * Visits how many rows of the first and of the second class have equal scores, in rising order;
   * false where there are no such groups.
   */
  #eachGroup(visit: VisitTie): boolean {
    if (this.#hasNaN) return false;
    const counts = this.#counts;
    if (counts !== null) {
      const isIn = (of: Uint32Array) => of.some((count) => count > 0);
      if (!isIn(counts.first) || !isIn(counts.second)) return false;
      for (let bin = 0; bin < scoreBins; bin++) visit(counts.first[bin]!, counts.second[bin]!);
      return true;
    }
    if (this.#first.length === 0 || this.#second.length === 0) return false;
    eachTie(this.#first.sorted(), this.#second.sorted(), visit);
    return true;
  }

  #countInBins(): void {
    this.#counts = scoreCounts(this.#first.values(), this.#second.values());
    this.#first.clear();
    this.#second.clear();
  }
}

/** What rows were told: scores of both classes, rising, or how many of each are in a bin. */
export interface RocRows {
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly counts: { readonly first: Uint32Array; readonly second: Uint32Array } | null;
  /** How many rows of each class there are, and how many of them score above 0. */
  readonly total: readonly [first: number, second: number];
  readonly above: readonly [first: number, second: number];
  readonly hasNaN: boolean;
}

/** By class, how many rows of it are taken for each. */
export interface Confusion {
  readonly first: { readonly first: number; readonly second: number };
  readonly second: { readonly first: number; readonly second: number };
}
