import { inQuotes } from "../../core/text.ts";
import type { Column, Levels, Window } from "../formats/table.ts";
import type { Preparation } from "../manifests.ts";
import type { Note } from "./notes.ts";

/** Levels that remember which words they were asked for and do not have. */
interface CountedLevels extends Levels {
  readonly unseen: Set<string>;
}

/** Different words that are remembered. */
const unseenMax = 1_000;

/** The same levels, and what else there is is remembered. */
export function countUnseen(levels: Levels): CountedLevels {
  const unseen = new Set<string>();
  const find = (text: string) => {
    const place = levels.find?.(text) ?? Number.NaN;
    if (Number.isNaN(place) && unseen.size < unseenMax) unseen.add(text);
    return place;
  };
  return { ...levels, find, unseen };
}

/** Counts the rows of a file whose words a model does not know, column by column. */
export class UnseenRows {
  readonly #preparation: Preparation;
  readonly #read: readonly Column[];
  readonly #counts: Float64Array;
  readonly #watched: readonly number[];

  /** `read` are the columns of a window, in order. */
  constructor(preparation: Preparation, read: readonly Column[]) {
    const { columns, target } = preparation;
    const names = new Set(columns.map(({ name }) => name));
    names.delete(target.name);
    this.#preparation = preparation;
    this.#read = read;
    this.#counts = new Float64Array(read.length);
    this.#watched = [...read.keys()].filter(
      (i) => "unseen" in read[i]!.levels && names.has(read[i]!.name),
    );
  }

  add(window: Window): void {
    if (window.kind === "sparse") return;
    const { cells, rows, width } = window;
    for (const column of this.#watched)
      for (let row = 0; row < rows; row++)
        if (cells[row * width + column]! < 0) this.#counts[column]! += 1;
  }

  /** Tells of each column of words which of them a model does not know, and in how many rows. */
  tell(file: string, onNote: Note): void {
    const kinds = new Map(this.#preparation.columns.map(({ name, kind }) => [name, kind]));
    for (const column of this.#watched) {
      const { name, levels } = this.#read[column]!;
      const { unseen } = levels as CountedLevels;
      if (unseen.size === 0) continue;
      const some = [...unseen].slice(0, 3).map(inQuotes).join(", ");
      const words = unseen.size === unseenMax ? `${unseenMax} or more` : String(unseen.size);
      const count = this.#counts[column]!;
      const rows = count === 1 ? "1 row" : `${count.toLocaleString("en-US")} rows`;
      const as = kinds.get(name) === "frequency" ? "a share of 0" : "none of its words";
      onNote(
        `${file}: column ${inQuotes(name)}: ${words} of its words did not stand in the ` +
          `training rows (${some}${unseen.size > 3 ? ", ..." : ""}), in ${rows} of this file: ` +
          `they count as ${as}`,
      );
    }
  }
}
