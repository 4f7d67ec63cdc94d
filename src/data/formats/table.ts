/** Rows of numbers as read, not yet features; text cells hold their level's number. */
export interface DenseWindow {
  readonly kind: "dense";
  readonly rows: number;
  readonly width: number;
  /** Row-major; NaN where a value is missing, -1 for a level that is not known. */
  readonly cells: Float64Array;
}

/** Rows of sparse features; the label is a number, or the number of a level. */
export interface SparseWindow {
  readonly kind: "sparse";
  readonly rows: number;
  readonly values: Float32Array;
  readonly indices: Uint32Array;
  readonly offsets: Uint32Array;
  readonly labels: Float64Array;
}

export type Window = DenseWindow | SparseWindow;

/** A file as its reader understood it. */
export interface Table<W extends Window = Window> {
  readonly columns: readonly Column[];
  /** All rows in file order. A window's arrays may be used again for the next one. */
  windows(): AsyncIterable<W>;
  /** What a person should know of the rows, once all were read. */
  notes?(): readonly string[];
}

/** One column of a file and what is read of it. Windows hold those that are not skipped. */
export interface Column {
  readonly name: string;
  readonly kind: "number" | "text" | "skip";
  readonly missing: "refuse" | "keep";
  readonly isTarget: boolean;
  /** Read for something else than a feature: to choose test rows by, or to weigh rows. */
  readonly notFeature?: true;
  /** Numbers that stand for truth values: their words are 1 and 0. */
  readonly truth?: true;
  /** Its numbers are days since 1970-01-01: see `dates.ts`. */
  readonly date?: true;
  /** Takes each cell as it is written, in place of reading it; what it returns is the cell. */
  readonly observe?: (text: string) => number;
  /** Of a text column; grows while reading up to `levels.max`, unless it is fixed. */
  readonly levels: Levels;
}

export interface Levels {
  readonly names: string[];
  readonly ids: Map<string, number>;
  /** More than this many is an error; null: unknown levels read as -1. */
  readonly max: number | null;
  /** Of levels that are known beforehand: another spelling's number, NaN for none of them. */
  readonly find?: (text: string) => number;
  /** What else there is must not be read as -1, but is an error. */
  readonly isClosed?: boolean;
}

/** What a look at the first rows says. */
export interface FoundColumn {
  readonly name: string;
  readonly kind: "number" | "text";
  /** Its numbers are truth values. */
  readonly truth?: true;
  /** They are written as words: true and false. */
  readonly inWords?: true;
  /** Its cells are dates, or dates and times. */
  readonly date?: true;
  /** What its cells are, where that is neither number, text nor date: lists, or times of day. */
  readonly opaque?: string;
  /** There was no row to tell what it holds. */
  readonly isUnseen?: true;
  /** Its numbers are of two bytes each. */
  readonly half?: true;
  /** The file has names for the other columns, and none for this, the first. */
  readonly isNameless?: true;
  /** Some of its cells say that a number is missing, in words. */
  readonly marked?: true;
  /** Most of its cells are numbers, and these many are not, or not as this reads them. */
  readonly odd?: { readonly count: number; readonly of: number; readonly first: string };
  /** Why its numbers may be none to learn from, or its words be no words. */
  readonly doubt?: string;
  /** Why it is left out unless it is asked for. */
  readonly aside?: string;
}

/** Decides what is read of each column that was found. */
export type Layout = (fileColumns: readonly FoundColumn[]) => readonly Column[];

/** How text becomes columns. */
export interface ReadOptions {
  readonly delimiter: string | "auto";
  readonly header: boolean | "auto";
  readonly missingValues: readonly string[];
}

/** A column that is passed over. */
export function skipped(name: string): Column {
  return { name, kind: "skip", missing: "keep", isTarget: false, levels: newLevels(0) };
}

/** Rows in one window: it is what is shuffled, and what is held in memory. */
export const windowRowsMax = 65_536;
export const windowBytesMax = 32 * 1024 * 1024;

/** Rows of so many cells that make a window. */
export function rowCapacity(width: number): number {
  return Math.max(1, Math.min(windowRowsMax, Math.floor(windowBytesMax / 8 / width)));
}

/** Rows that a window has room for before a file's length is known. */
const roomAtFirst = 1024;

/** The cells of a window while it fills: most files are smaller than one. */
export class WindowCells {
  readonly width: number;
  readonly rowsMax: number;
  /** Rows that there is room for. */
  room: number;
  cells: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.rowsMax = rowCapacity(width);
    this.room = Math.min(this.rowsMax, roomAtFirst);
    this.cells = new Float64Array(this.room * width);
  }

  /** Makes room for `rows` at least, which are at most `rowsMax`. */
  reserve(rows: number): void {
    if (rows <= this.room) return;
    this.room = Math.min(this.rowsMax, Math.max(rows, 4 * this.room));
    const { cells } = this;
    this.cells = new Float64Array(this.room * this.width);
    this.cells.set(cells);
  }
}

export function newLevels(max: number): Levels {
  return { names: [], ids: new Map(), max };
}

export function fixedLevels(names: readonly string[]): Levels {
  return { names: [...names], ids: new Map(names.map((name, id) => [name, id])), max: null };
}

/** Where rows come from: a file of some format, or a generator. */
export interface Input {
  readonly name: string;
  readonly format: string;
  readonly isSparse: boolean;
  /** Its last column, `target`, is of a file, or of an array, of its own. */
  readonly hasTargets?: boolean;
  readonly sizeBytes: number;
  /** The same for the same rows. */
  identity(): Promise<string>;
  /** `onBytes` hears how many bytes were read; `zeroBased` is how indices of LIBSVM count. */
  table(layout: Layout, onBytes: (bytes: number) => void, zeroBased?: boolean): Promise<Table>;
  /** Of LIBSVM: whether an index of 0 stands anywhere in it. */
  hasIndexZero?(): Promise<boolean>;
}
