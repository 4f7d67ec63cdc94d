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

  /** Room for so many more, which are then in it as `values()` has them from there on. */
  extend(count: number): Float64Array {
    const from = this.length;
    if (from + count > this.#values.length) {
      const larger = new Float64Array(Math.max(from + count, 2 * from));
      larger.set(this.values());
      this.#values = larger;
    }
    this.length += count;
    this.#isSorted = false;
    return this.#values.subarray(from, this.length);
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
    if (!this.#isSorted) sortScores(this.values());
    this.#isSorted = true;
    return this.values();
  }

  clear(): void {
    this.length = 0;
    this.#values = new Float64Array(64);
  }
}

/** Fewer are sorted as soon one by one. */
const bucketedMin = 512;
/** Scores in an average bucket, and in one whose scores are still moved into place one by one. */
const bucketScores = 4;
const movedMax = 24;

/**
 * Puts numbers in rising order, zeros of both signs as they come: spread over buckets of equal
 * width, whose order is that of numbers as rounding keeps it, so that few must be moved far.
 */
function sortScores(values: Float64Array): void {
  const { length } = values;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const buckets = Math.ceil(length / bucketScores);
  const scale = (buckets - 1) / (most - least);
  if (length < bucketedMin || !(scale > 0 && scale < Number.POSITIVE_INFINITY)) {
    values.sort();
    return;
  }
  const ends = new Uint32Array(buckets + 1);
  for (let i = 0; i < length; i++) ends[Math.floor((values[i]! - least) * scale) + 1]! += 1;
  for (let bucket = 1; bucket <= buckets; bucket++) ends[bucket]! += ends[bucket - 1]!;
  const scores = values.slice();
  for (let i = 0; i < length; i++) {
    const score = scores[i]!;
    const bucket = Math.floor((score - least) * scale);
    values[ends[bucket]!++] = score;
  }
  for (let bucket = 0, from = 0; bucket < buckets; bucket++) {
    const to = ends[bucket]!;
    if (to - from > movedMax) values.subarray(from, to).sort();
    else sortFew(values, from, to);
    from = to;
  }
}

function sortFew(values: Float64Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const value = values[i]!;
    let at = i;
    for (; at > from && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
}

/** How many rows of each class are in each bin. */
export function scoreCounts(first: Float64Array, second: Float64Array): ClassCounts {
  const counts = { first: new Uint32Array(scoreBins), second: new Uint32Array(scoreBins) };
  for (let i = 0; i < first.length; i++) counts.first[binOf(first[i]!)]! += 1;
  for (let i = 0; i < second.length; i++) counts.second[binOf(second[i]!)]! += 1;
  return counts;
}

/** How many of both are equal, group by group, of numbers in rising order. */
export function tieCounts(first: Float64Array, second: Float64Array): ClassCounts {
  const most = first.length + second.length;
  const counts = { first: new Uint32Array(most), second: new Uint32Array(most) };
  let [i, j, groups] = [0, 0, 0];
  while (i < first.length || j < second.length) {
    const one = i < first.length ? first[i]! : Number.POSITIVE_INFINITY;
    const other = j < second.length ? second[j]! : Number.POSITIVE_INFINITY;
    const score = Math.min(one, other);
    const fromFirst = i;
    const fromSecond = j;
    while (i < first.length && first[i] === score) i++;
    while (j < second.length && second[j] === score) j++;
    counts.first[groups] = i - fromFirst;
    counts.second[groups++] = j - fromSecond;
  }
  return { first: counts.first.subarray(0, groups), second: counts.second.subarray(0, groups) };
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

/** Rows of the first and of the second class, of groups of scores in rising order. */
export interface ClassCounts {
  readonly first: Uint32Array;
  readonly second: Uint32Array;
}
