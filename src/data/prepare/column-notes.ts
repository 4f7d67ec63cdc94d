import { inQuotes } from "../../core/text.ts";
import { columnChoices } from "../columns.ts";
import type { Column, FoundColumn, Layout, Window } from "../formats/table.ts";
import type { DataOptions } from "../options.ts";
import { isKey, uniqueRowsMin } from "../profile/column-use.ts";
import { TargetLinks } from "../profile/target-links.ts";
import type { Purpose } from "./feature-column.ts";

/** Different numbers of a key that are remembered. */
const keysMax = 100_000;
/** Numbers that rise by chance are fewer. */
const risingRowsMin = 100;
/** Cells that are looked at for a column that alone tells the target. */
const linkedCellsMax = 500_000;

/** What a column that nobody named has shown so far. */
interface Watched {
  readonly column: Column;
  readonly at: number;
  /** Of a key by its name: its numbers, as long as all differ; null for others. */
  keys: Set<number> | null;
  isConstant: boolean;
  isRising: boolean;
  isCounting: boolean;
  first: number;
  last: number;
  values: number;
}

/**
 * Looks at rows of a training file as they pass by, in their order, for columns that a person
 * should look at twice though a spec written by hand is taken at its word. Says nothing of columns
 * that the spec names, and of private runs.
 */
export class ColumnNotes {
  readonly #options: DataOptions;
  readonly #purpose: Purpose;
  #watched: Watched[] = [];
  #active: Watched[] = [];
  #target: Column | undefined;
  #read: readonly Column[] = [];
  #links: TargetLinks | null = null;
  #rows = 0;
  #linkedRows = 0;

  constructor(options: DataOptions, purpose: Purpose) {
    this.#options = options;
    this.#purpose = purpose;
  }

  /** The layout itself; what it decides is what will be looked at. */
  watching(layout: Layout): Layout {
    const { isPrivate, task } = this.#purpose;
    const { generate } = this.#options;
    if (isPrivate || task === "ratings" || generate !== undefined) return layout;
    return (found) => {
      const columns = layout(found);
      this.#begin(found, columns);
      return columns;
    };
  }

  #begin(found: readonly FoundColumn[], columns: readonly Column[]): void {
    this.#read = columns.filter(({ kind }) => kind !== "skip");
    this.#target = this.#read.find(({ isTarget }) => isTarget);
    const named = columnChoices(this.#options);
    const doubted = new Set(
      found.flatMap(({ name, doubt }) => (doubt === undefined ? [] : [name])),
    );
    this.#watched = [...this.#read.entries()].flatMap(([at, column]) => {
      const { name, isTarget, date } = column;
      if (isTarget || column.notFeature === true || named.has(name)) return [];
      const isNumber = column.kind === "number" && date !== true && column.truth !== true;
      const isOpen = !doubted.has(name) && (isNumber || column.kind === "text");
      const keys = isOpen && isNumber && isKey(name) ? new Set<number>() : null;
      const state = { isConstant: true, isRising: isOpen, isCounting: isOpen };
      return [{ column, at, keys, ...state, first: Number.NaN, last: Number.NaN, values: 0 }];
    });
    this.#active = [...this.#watched];
    const targetAt = this.#target === undefined ? -1 : this.#read.indexOf(this.#target);
    this.#links = new TargetLinks(this.#read.length, targetAt);
  }

  add(window: Window): void {
    if (window.kind === "sparse" || this.#links === null) return;
    const { cells, rows, width } = window;
    for (const watched of this.#active)
      for (let at = watched.at; at < rows * width && isOpen(watched); at += width)
        look(watched, cells[at]!);
    this.#active = this.#active.filter(isOpen);
    const room = Math.floor(linkedCellsMax / width) - this.#linkedRows;
    const linked = Math.min(rows, Math.max(0, room));
    if (linked > 0) this.#links.add({ ...window, rows: linked });
    this.#linkedRows += linked;
    this.#rows += rows;
  }

  /** What was seen, once all rows passed by. */
  notes(): string[] {
    return this.#watched.flatMap((watched) => {
      const { column, at } = watched;
      const why = this.#doubt(watched);
      const place = `column ${inQuotes(column.name)}`;
      if (why !== null)
        return [`${place} ${why}: leave it out by data.drop, or name it under data.columns`];
      const isClasses = this.#purpose.task === "classification";
      const tells = this.#links?.suspicion(at, isClasses, column.kind === "number") ?? null;
      if (tells === null || this.#target === undefined) return [];
      const { name } = this.#target;
      const first = this.#linkedRows < this.#rows ? ` in the first ${this.#linkedRows} rows` : "";
      return [
        `${place} alone tells ${inQuotes(name)}: ${tells}${first}; where it is known only ` +
          "afterwards, leave it out by data.drop",
      ];
    });
  }

  #doubt({ column, isConstant, isCounting, isRising, keys, values }: Watched): string | null {
    const isWhole = values === this.#rows;
    if (this.#rows < uniqueRowsMin) return null;
    if (isConstant) return `has one value in ${isWhole ? "every row" : "all rows that have one"}`;
    if (!isWhole) return null;
    if (isCounting)
      return column.kind === "text" ? "holds another word in each row" : "counts the rows";
    if (keys !== null) return "is a key by its name, with another whole number in each row";
    if (isRising && column.kind === "number" && values >= risingRowsMin)
      return "rises by a whole number with each row, as keys do";
    return null;
  }
}

function look(watched: Watched, cell: number): void {
  if (Number.isNaN(cell)) return;
  watched.values++;
  if (watched.values === 1) watched.first = cell;
  else {
    if (cell !== watched.first) watched.isConstant = false;
    if (!(cell > watched.last)) watched.isRising = false;
    if (cell !== watched.last + 1) watched.isCounting = false;
  }
  watched.last = cell;
  const { keys } = watched;
  if (!Number.isInteger(cell)) {
    watched.isRising = false;
    watched.isCounting = false;
    watched.keys = null;
  } else if (keys?.has(cell) === true) watched.keys = null;
  else if (keys !== null && keys.size < keysMax) keys.add(cell);
}

function isOpen({ isConstant, isRising, isCounting, keys }: Watched): boolean {
  return isConstant || isRising || isCounting || keys !== null;
}
