import { binOf, type ClassCounts, Scores, scoreBins, scoreCounts, tieCounts } from "./scores.ts";

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
  #counts: ClassCounts | null = null;
  readonly #first = new Scores();
  readonly #second = new Scores();
  #hasNaN = false;
  /** Rows of both classes, and how many of them score above 0, which is taken for the second. */
  readonly #total: [first: number, second: number] = [0, 0];
  readonly #above: [first: number, second: number] = [0, 0];
  /** Of the rows so far, once somebody asked. */
  #areas: Areas | null | undefined;

  constructor(scoresMax = exactScoresMax) {
    this.#scoresMax = scoresMax;
  }

  /** A row's score, higher for the second class, and its class: 0 or 1. */
  add(score: number, target: number): void {
    const side = target > 0 ? 1 : 0;
    this.#areas = undefined;
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
    const rows = targets.length;
    let [ofSecond, areNumbers] = [0, true];
    for (let i = 0; i < rows; i++) {
      if (targets[i]! > 0) ofSecond++;
      if (Number.isNaN(scores[i])) areNumbers = false;
    }
    if (!areNumbers) {
      for (let i = 0; i < rows; i++) this.add(scores[i]!, targets[i]!);
      return;
    }
    this.#areas = undefined;
    this.#total[0] += rows - ofSecond;
    this.#total[1] += ofSecond;
    const kept = this.#first.length + this.#second.length;
    if (this.#counts === null && kept + rows > this.#scoresMax) this.#countInBins();
    if (this.#counts === null) this.#keepAll(scores, targets, ofSecond);
    else this.#countAll(this.#counts, scores, targets);
  }

  #countAll({ first, second }: ClassCounts, scores: Numbers, targets: Numbers): void {
    const { length } = targets;
    let [above1, above2] = [0, 0];
    for (let i = 0; i < length; i++) {
      const score = scores[i]!;
      const above = score > 0 ? 1 : 0;
      const bin = binOf(score);
      if (targets[i]! > 0) {
        second[bin]! += 1;
        above2 += above;
      } else {
        first[bin]! += 1;
        above1 += above;
      }
    }
    this.#above[0] += above1;
    this.#above[1] += above2;
  }

  #keepAll(scores: Numbers, targets: Numbers, ofSecond: number): void {
    const first = this.#first.extend(targets.length - ofSecond);
    const second = this.#second.extend(ofSecond);
    let [i1, i2, above1, above2] = [0, 0, 0, 0];
    for (let i = 0; i < targets.length; i++) {
      const score = scores[i]!;
      const above = score > 0 ? 1 : 0;
      if (targets[i]! > 0) {
        second[i2++] = score;
        above2 += above;
      } else {
        first[i1++] = score;
        above1 += above;
      }
    }
    this.#above[0] += above1;
    this.#above[1] += above2;
  }

  /** Rows that another one was told, as plain data. */
  addRows({ first, second, counts, total, above, hasNaN }: RocRows): void {
    if (hasNaN) this.#hasNaN = true;
    this.#areas = undefined;
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

  /** The same rows, as one that keeps no score as it is has them. */
  inBins(): RocAuc {
    const area = new RocAuc(0);
    const counts = this.#counts ?? scoreCounts(this.#first.values(), this.#second.values());
    const none = new Float64Array(0);
    const [total, above] = [[...this.#total] as const, [...this.#above] as const];
    area.addRows({ first: none, second: none, counts, total, above, hasNaN: this.#hasNaN });
    return area;
  }

  get isExact(): boolean {
    return this.#counts === null;
  }

  /** Null where it is not defined: rows of one class alone, or scores that are no numbers. */
  value(): number | null {
    return this.#bothAreas()?.underCurve ?? null;
  }

  /**
   * The average precision of the second class: the precision at each score, weighed by the recall
   * that is gained there. Null where the area is.
   */
  averagePrecision(): number | null {
    return this.#bothAreas()?.precision ?? null;
  }

  /** Both in one pass: whoever asks for one asks for the other. */
  #bothAreas(): Areas | null {
    if (this.#areas !== undefined) return this.#areas;
    const groups = this.#groups();
    this.#areas = groups === null ? null : areasOf(groups, this.#total);
    return this.#areas;
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
    const groups = this.#groups();
    if (groups === null) return 0;
    const { first, second } = groups;
    let tied = 0;
    for (let i = 0; i < first.length; i++) tied += first[i]! * second[i]!;
    return tied / 2 / (this.#total[0] * this.#total[1]);
  }

  /**
   * How many rows of the first and of the second class have equal scores, in rising order; null
   * where there are no such groups.
   */
  #groups(): ClassCounts | null {
    if (this.#hasNaN || this.#total[0] === 0 || this.#total[1] === 0) return null;
    return this.#counts ?? tieCounts(this.#first.sorted(), this.#second.sorted());
  }

  #countInBins(): void {
    this.#counts = scoreCounts(this.#first.values(), this.#second.values());
    this.#first.clear();
    this.#second.clear();
  }
}

type Numbers = ArrayLike<number>;

interface Areas {
  readonly underCurve: number;
  readonly precision: number;
}

function areasOf({ first, second }: ClassCounts, total: readonly [number, number]): Areas {
  const [rowsOfFirst, rowsOfSecond] = total;
  let before = 0;
  let ordered = 0;
  let precisions = 0;
  let firstLeft = rowsOfFirst;
  let secondLeft = rowsOfSecond;
  for (let i = 0; i < first.length; i++) {
    const a = first[i]!;
    const b = second[i]!;
    // Of a group of nobody, the last ones among them, there is no precision.
    if (a + b === 0) continue;
    ordered += b * (before + a / 2);
    before += a;
    precisions += (b * secondLeft) / (firstLeft + secondLeft);
    firstLeft -= a;
    secondLeft -= b;
  }
  return {
    underCurve: ordered / (rowsOfFirst * rowsOfSecond),
    precision: precisions / rowsOfSecond,
  };
}

/** What rows were told: scores of both classes, rising, or how many of each are in a bin. */
export interface RocRows {
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly counts: ClassCounts | null;
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
