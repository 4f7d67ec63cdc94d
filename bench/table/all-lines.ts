import { commandLines } from "./command-lines.ts";
import type { Line } from "./line.ts";
import { partLines } from "./part-lines.ts";
import { platformLines } from "./platform-lines.ts";

/** The lines of the table, by rows. */
export const allLines: readonly Line[] = [...commandLines, ...partLines, ...platformLines].toSorted(
  (a, b) => a.row - b.row,
);
