import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Column, Window } from "../formats/table.ts";
import type { Prepared } from "../manifests.ts";
import type { OffsetMode } from "../offsets.ts";
import type { DataOptions } from "../options.ts";
import { RecordCoins } from "../parts/record-coins.ts";
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

/** How many rows are for testing: a share is rounded, and at least one row stays for training. */
export function testRowsOf({ train, test, options }: PreparationJob<Window>): number {
  if (train.rows === 0)
    throw new RunError("no-rows", "the training data hold no rows, expected at least one", {
      hint: "a row of column names alone is not enough",
    });
  if (test !== null) return test.rows;
  // Each by its own coin: how many they are is seen when they are written.
  if (options.membership === "records") return 0;
  const share = typeof options.test === "number" ? options.test : 0;
  return Math.min(train.rows - 1, Math.round(share * train.rows));
}

/** Tells the training rows that are for testing, asked once for each row in order. */
export function testChooser(
  { test, train, random }: PreparationJob<Window>,
  testRows: number,
): () => boolean {
  if (test !== null) return () => false;
  return selection(random.fork("split"), train.rows, testRows);
}

/**
 * The same where a record is chosen by itself, its numbers given: null where its place decides. The
 * share is then the chance of each, and how many they are depends on the records.
 */
export function recordChooser({
  test,
  options,
  seed,
}: PreparationJob<Window>): ((...numbers: (Float32Array | Uint32Array)[]) => boolean) | null {
  if (options.membership !== "records") return null;
  const share = test === null && typeof options.test === "number" ? options.test : 0;
  const coins = new RecordCoins(seed, "split");
  return share === 0 ? () => false : (...numbers) => coins.coin(...numbers) < share;
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

/** Which rows are for testing: exactly `chosen` of `total`, every subset equally likely. */
export function selection(random: Random, total: number, chosen: number): () => boolean {
  if (chosen === 0) return () => false;
  let left = total;
  let wanted = chosen;
  return () => {
    const taken = random.uniform() * left < wanted;
    left--;
    if (taken) wanted--;
    return taken;
  };
}
