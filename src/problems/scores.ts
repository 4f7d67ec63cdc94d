/** Scores that are counted count as ties where sign, exponent and seven bits of mantissa agree. */
export const scoreBins = 2 ** 16;

/** Numbers in an array that grows. */
export class Scores {
  length = 0;
  #isSorted = false;
  #values = new Float64Array(64);

  add(score: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = score;
    this.#isSorted = false;
  }

  /** Adds numbers in rising order; all are in it then. */
  merge(values: Float64Array): void {
    if (values.length === 0) return;
    const own = this.sorted();
    const both = new Float64Array(own.length + values.length);
    let [i, j] = [0, 0];
    for (let at = 0; at < both.length; at++) {
      const isOwn = j === values.length || (i < own.length && own[i]! <= values[j]!);
      both[at] = isOwn ? own[i++]! : values[j++]!;
    }
    this.#values = both;
    this.length = both.length;
    this.#isSorted = true;
  }

  values(): Float64Array {
    return this.#values.subarray(0, this.length);
  }

  /** They are sorted in place: their order says nothing. */
  sorted(): Float64Array {
    if (!this.#isSorted) this.values().sort();
    this.#isSorted = true;
    return this.values();
  }

  clear(): void {
    this.length = 0;
    this.#values = new Float64Array(64);
  }
}

/** How many rows of each class are in each bin. */
export function scoreCounts(first: Float64Array, second: Float64Array) {
  const counts = { first: new Uint32Array(scoreBins), second: new Uint32Array(scoreBins) };
  for (let i = 0; i < first.length; i++) counts.first[binOf(first[i]!)]! += 1;
  for (let i = 0; i < second.length; i++) counts.second[binOf(second[i]!)]! += 1;
  return counts;
}

/** Visits how many of both are equal, of numbers in rising order. */
export function eachTie(first: Float64Array, second: Float64Array, visit: VisitTie): void {
  let [i, j] = [0, 0];
  while (i < first.length || j < second.length) {
    const one = i < first.length ? first[i]! : Number.POSITIVE_INFINITY;
    const other = j < second.length ? second[j]! : Number.POSITIVE_INFINITY;
    const score = Math.min(one, other);
    const [a, b] = [i, j];
    while (i < first.length && first[i] === score) i++;
    while (j < second.length && second[j] === score) j++;
    visit(i - a, j - b);
  }
}

const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** The upper half of the score's single-precision bits, in the order of numbers. */
export function binOf(score: number): number {
  // Adding 0 makes one zero of both.
  asFloat[0] = score + 0;
  const bits = asBits[0]!;
  return (bits >>> 31 === 1 ? ~bits : bits | 0x8000_0000) >>> 16;
}

/** Rows of the first and of the second class. */
export type VisitTie = (first: number, second: number) => void;
