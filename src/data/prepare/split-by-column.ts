import { RunError } from "../../core/errors.ts";
import { inQuotes } from "../../core/text.ts";
import type { DenseWindow, Window } from "../formats/table.ts";
import type { HeldOut } from "../held-out.ts";
import type { PreparationJob, Split } from "./job.ts";

/**
 * All rows of a group on one side, as scikit-learn's GroupShuffleSplit does: the share is of the
 * groups, rounded up, every set of so many equally likely, and at least one stays for training.
 * Groups are drawn in the order of their names, so the order of a file changes nothing.
 */
export async function splitByGroups(
  job: PreparationJob<Window>,
  { share, column }: HeldOut,
): Promise<Split> {
  const at = placeOf(job, column);
  const { names } = job.columns[at]!.levels;
  if (names.length < 2) throw oneSide(column, `holds one group, ${inQuotes(names[0] ?? "")}`);
  const order = [...names.keys()].sort((a, b) => (names[a]! < names[b]! ? -1 : 1));
  const count = Math.min(names.length - 1, Math.ceil(share * names.length));
  const drawn = job.random.fork("split/groups").permutation(names.length).subarray(0, count);
  const isTest = new Uint8Array(names.length);
  for (const place of drawn) isTest[order[place]!] = 1;
  let testRows = 0;
  await eachCell(job, at, (cell) => {
    testRows += isTest[cell]!;
  });
  return { testRows, at, chooser: () => (cell) => isTest[cell] === 1 };
}

/**
 * The latest rows, as scikit-learn's train_test_split takes them of sorted rows without shuffling:
 * the share, rounded up. Rows of one time stay together, on the side that comes nearer to that.
 */
export async function splitByTime(
  job: PreparationJob<Window>,
  { share, column }: HeldOut,
): Promise<Split> {
  const at = placeOf(job, column);
  const { rows } = job.train;
  const wanted = Math.ceil(share * rows);
  const { value, below, equal } = await cellOfRank(job, at, Math.max(0, rows - wanted));
  const [from, after] = [rows - below, rows - below - equal];
  if (below === 0 && after === 0) throw oneSide(column, "holds one time");
  const takesEqual = below > 0 && (after === 0 || from - wanted <= wanted - after);
  return {
    testRows: takesEqual ? from : after,
    at,
    chooser: () => (takesEqual ? (cell) => cell >= value : (cell) => cell > value),
  };
}

function placeOf({ columns }: PreparationJob<Window>, column: string | null): number {
  return columns.findIndex(({ name }) => name === column);
}

function oneSide(column: string | null, what: string): RunError {
  return new RunError("bad-option", `data.test.column: ${inQuotes(column ?? "")} ${what}`, {
    hint: "name a column of two or more, or give the share alone",
  });
}

async function eachCell(
  { train }: PreparationJob<Window>,
  at: number,
  use: (cell: number) => void,
): Promise<void> {
  for await (const { cells, rows, width } of train.windows() as AsyncIterable<DenseWindow>)
    for (let row = 0; row < rows; row++) use(cells[row * width + at]!);
}

/** A number's bits in two halves, in the order of numbers; adding 0 makes one zero of both. */
class OrderedBits {
  private readonly number = new Float64Array(1);
  private readonly halves = new Uint32Array(this.number.buffer);

  /** The 16 bits of a number that are number `digit` from the top. */
  digit(value: number, digit: number): number {
    this.number[0] = value + 0;
    const [low, high] = this.halves as unknown as [number, number];
    const half = digit < 2 ? high : low;
    const ordered = high >>> 31 === 1 ? ~half : digit < 2 ? half ^ 0x8000_0000 : half;
    return digit % 2 === 0 ? ordered >>> 16 : ordered & 0xffff;
  }
}

/**
 * The cell that so many others come before in ascending order, and how many are less and as much:
 * four passes that count, since a column may be larger than memory.
 */
async function cellOfRank(job: PreparationJob<Window>, at: number, rank: number) {
  const bits = new OrderedBits();
  const prefix: number[] = [];
  let [below, equal, value] = [0, 0, 0];
  for (let digit = 0; digit < 4; digit++) {
    const counts = new Float64Array(2 ** 16);
    await eachCell(job, at, (cell) => {
      if (!prefix.every((own, i) => bits.digit(cell, i) === own)) return;
      const own = bits.digit(cell, digit);
      counts[own]! += 1;
    });
    let bin = 0;
    while (below + counts[bin]! <= rank) below += counts[bin++]!;
    prefix.push(bin);
    equal = counts[bin]!;
  }
  await eachCell(job, at, (cell) => {
    if (prefix.every((own, i) => bits.digit(cell, i) === own)) value = cell;
  });
  return { value, below, equal };
}
