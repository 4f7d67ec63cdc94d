import { isNumberless, numberIn, truthOf } from "../formats/cell.ts";
import { daysIn } from "../formats/dates.ts";
import { type Column, type FoundColumn, newLevels, skipped } from "../formats/table.ts";

/** What the cells of a column are, but for those that are missing. */
export type CellType = "nothing" | "truth" | "integer" | "number" | "date" | "words" | "opaque";

/** A value and how many cells hold it. */
export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

/** What all cells of a column say. */
export interface ColumnProfile {
  readonly found: FoundColumn;
  readonly type: CellType;
  readonly rows: number;
  readonly missing: number;
  /** The first row without a value, from 1; null where there is none. */
  readonly firstMissing: number | null;
  /** Different values; where there are too many to count, those that were. */
  readonly distinct: number;
  /** There are more than `distinct`. */
  readonly hasMore: boolean;
  /** No value was seen twice. */
  readonly isUnique: boolean;
  /** Every whole number is the one before, and one. */
  readonly countsRows: boolean;
  /** How many cells are digits that begin with 0, as codes do. */
  readonly codes: number;
  /** Some of its dates have a time that is not midnight. */
  readonly isTimed: boolean;
  /** Of numbers, and of dates in days. Infinite where there are none. */
  readonly least: number;
  readonly greatest: number;
  /** All of them where there is no more, the commonest first; of words and whole numbers. */
  readonly values: readonly ValueCount[];
  /** Where most cells are numbers: the first that is none, in which row from 1, and how many. */
  readonly odd: { readonly text: string; readonly row: number; readonly count: number } | null;
}

const minutesPerDay = 1_440;

/** Watches the cells of a column go by. */
export class ColumnTally {
  readonly #found: FoundColumn;
  readonly #missingValues: ReadonlySet<string>;
  readonly #distinctMax: number;
  readonly #places = new Map<string, number>();
  readonly #counts: number[] = [];
  #rows = 0;
  #missing = 0;
  #marks = 0;
  #firstMissing: number | null = null;
  #firstMark: number | null = null;
  #numbers = 0;
  #integers = 0;
  #truths = 0;
  #dates = 0;
  #isTimed = false;
  #codes = 0;
  #hasMore = false;
  #isUnique = true;
  #countsRows = true;
  #before = Number.NaN;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;
  #odd: { text: string; row: number; count: number } | null = null;

  constructor(found: FoundColumn, missingValues: ReadonlySet<string>, distinctMax: number) {
    this.#found = found;
    this.#missingValues = missingValues;
    this.#distinctMax = distinctMax;
  }

  /** How the reader is to read it: what cannot be a cell is passed over. */
  column(): Column {
    const { name, opaque } = this.#found;
    if (opaque !== undefined) return skipped(name);
    const observe = (text: string) => this.#observe(text);
    return { name, kind: "text", missing: "keep", isTarget: false, levels: newLevels(0), observe };
  }

  profile(): ColumnProfile {
    const type = this.#type();
    const marks = type === "words" ? 0 : this.#marks;
    const values = [...this.#places]
      .map(([value, place]) => ({ value, count: this.#counts[place]! }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
    const distinct = marks === 0 ? values : values.filter(({ value }) => !isNumberless(value));
    return {
      found: this.#found,
      type,
      rows: this.#rows,
      missing: this.#missing + marks,
      firstMissing: marks === 0 ? this.#firstMissing : earlier(this.#firstMissing, this.#firstMark),
      distinct: distinct.length,
      hasMore: this.#hasMore,
      isUnique: this.#isUnique && this.#missing + marks === 0,
      countsRows: this.#countsRows && this.#integers === this.#rows && this.#rows > 1,
      codes: this.#codes,
      isTimed: this.#isTimed,
      least: this.#least,
      greatest: this.#greatest,
      values: distinct,
      odd: type === "words" && 2 * this.#numbers > this.#rows - this.#missing ? this.#odd : null,
    };
  }

  #type(): CellType {
    const present = this.#rows - this.#missing - this.#marks;
    if (this.#found.opaque !== undefined) return "opaque";
    if (present === 0) return this.#marks === 0 ? "nothing" : "words";
    if (this.#truths === present || this.#found.truth === true) return "truth";
    if (this.#numbers === present) return this.#integers === present ? "integer" : "number";
    return this.#dates === present ? "date" : "words";
  }

  /** The cell as a number: its value, or which of the words it is; -1 for one too many. */
  #observe(text: string): number {
    this.#rows++;
    const cell = text.trim();
    if (cell === "" || this.#missingValues.has(cell)) return this.#absent();
    const number = numberIn(cell);
    const isCode = number !== undefined && /^0\d+$/.test(cell);
    if (isCode) this.#codes++;
    if (truthOf(cell) !== undefined) this.#truths++;
    const place = this.#place(number === undefined || isCode ? cell : String(number + 0));
    if (number !== undefined && Number.isFinite(number)) return this.#number(number);
    const truth = this.#found.truth === true ? truthOf(cell) : undefined;
    if (truth !== undefined) return truth;
    if (isNumberless(cell)) {
      this.#firstMark ??= this.#rows;
      this.#marks++;
      return this.#found.kind === "number" ? Number.NaN : place;
    }
    const days = daysIn(cell);
    if (days !== undefined) {
      this.#dates++;
      if ((days - Math.floor(days)) * minutesPerDay >= 1) this.#isTimed = true;
      this.#within(days);
      return this.#found.date === true ? days : place;
    }
    this.#odd ??= { text: cell, row: this.#rows, count: 0 };
    this.#odd.count++;
    return this.#found.kind === "number" ? Number.NaN : place;
  }

  #absent(): number {
    this.#firstMissing ??= this.#rows;
    this.#missing++;
    return Number.NaN;
  }

  #number(value: number): number {
    this.#numbers++;
    if (Number.isInteger(value)) this.#integers++;
    if (this.#numbers > 1 && value !== this.#before + 1) this.#countsRows = false;
    this.#before = value;
    this.#within(value);
    return value;
  }

  #within(value: number): void {
    if (value < this.#least) this.#least = value;
    if (value > this.#greatest) this.#greatest = value;
  }

  #place(value: string): number {
    const place = this.#places.get(value);
    if (place !== undefined) {
      this.#counts[place]! += 1;
      this.#isUnique = false;
      return place;
    }
    if (this.#counts.length >= this.#distinctMax) {
      this.#hasMore = true;
      return -1;
    }
    this.#places.set(value, this.#counts.length);
    return this.#counts.push(1) - 1;
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
