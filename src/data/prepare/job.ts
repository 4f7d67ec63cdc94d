import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Column, Window } from "../formats/table.ts";
import type { Prepared } from "../manifests.ts";
import type { OffsetMode } from "../offsets.ts";
import type { DataOptions } from "../options.ts";
import { type Classes, classesOf, statedClasses } from "./classes.ts";
import type { Spool } from "./spool.ts";

/** Everything of a `Prepared` but its name. */
export type PreparedContent = Omit<Prepared, "version" | "digest" | "offsets">;

/** Rows that were read, and what is to become of them. */
export interface PreparationJob<W extends Window> {
  readonly options: DataOptions;
  /** Those that windows hold; of sparse rows the label alone. */
  readonly columns: readonly Column[];
  readonly target: Column;
  readonly classify: boolean;
  readonly isPrivate: boolean;
  readonly offsets: OffsetMode;
  /** Indices of sparse rows count from 0. */
  readonly zeroBased: boolean;
  readonly train: Spool<W>;
  /** Null where the test rows are chosen from `train`. */
  readonly test: Spool<W> | null;
  readonly random: Random;
  readonly seed: number | string;
  readonly onRows: (rows: number) => void;
}

/** The target's classes: as stated, else those that were read; null for a target of numbers. */
export function classesIn({ classify, options, target }: PreparationJob<Window>): Classes | null {
  if (!classify) return null;
  return options.classes === undefined
    ? classesOf(target.levels.names)
    : statedClasses(options.classes);
}

/** Refuses a set of which nothing is left for training. */
export function checkTrainingRows(rows: number): void {
  if (rows > 0) return;
  throw new RunError(
    "no-rows",
    "every row is for testing, by its own coin: none is left to train",
    {
      hint: "lower data.test, or give more rows",
    },
  );
}

/** Whether a column is something to learn from. */
export function isFeature({ isTarget, notFeature }: Column): boolean {
  return !isTarget && notFeature !== true;
}

/** Which of the training file's rows are for testing. */
export interface Split {
  readonly testRows: number;
  /** The column, among those that are read, that `chooser` is told of: the target's, or another. */
  readonly at: number;
  /** Tells it of each row in order, given that column's cell as it was read. */
  chooser(): (cell: number) => boolean;
}
