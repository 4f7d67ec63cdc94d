/*
 * Figures in marked blocks: a comment `<!-- printed by: COMMAND -->` above a table or a fenced
 * block says which command prints what stands in it. A fenced block is printed line by line; of a
 * table every number must be printed, rounded as the table has it. `within N %` allows for what
 * machines and small changes of the code move; `without A, B` leaves columns out that are measured.
 */

export interface MarkedBlock {
  readonly command: string;
  /** The share that a number may differ by: 0 where it must be the printed one. */
  readonly tolerance: number;
  readonly without: readonly string[];
  readonly kind: "table" | "lines";
  readonly lines: readonly string[];
  /** Of the mark, from 1. */
  readonly line: number;
}

const mark = /^<!-- printed by: (.+?)(?:; within ([\d.]+) %)?(?:; without (.+?))? -->$/;

/** A page's marked blocks. Throws where nothing follows a mark. */
export function markedBlocks(page: string): MarkedBlock[] {
  const lines = page.split("\n");
  return [...lines.keys()].flatMap((at) => {
    const found = mark.exec(lines[at]!);
    if (found === null) return [];
    const [, command, within, without = ""] = found;
    let from = at + 1;
    while (lines[from] === "") from++;
    const isFenced = lines[from]?.startsWith("```") === true;
    if (!isFenced && lines[from]?.startsWith("|") !== true)
      throw new Error(`line ${at + 1}: neither a table nor a block follows the mark`);
    let end = from + 1;
    const isInside = (line: string | undefined) =>
      line !== undefined && (isFenced ? line !== "```" : line.startsWith("|"));
    while (isInside(lines[end])) end++;
    return {
      command: command!,
      tolerance: Number(within ?? 0) / 100,
      without: without.split(/,\s*/).filter((name) => name !== ""),
      kind: isFenced ? ("lines" as const) : ("table" as const),
      lines: lines.slice(isFenced ? from + 1 : from, end),
      line: at + 1,
    };
  });
}

/** What a block shows and its command did not print; empty where it is all there. */
export function notPrinted(block: MarkedBlock, printed: string): string[] {
  if (block.kind === "lines") {
    const there = new Set(printed.split("\n").map((line) => line.trimEnd()));
    const shown = block.lines.map((line) => line.trimEnd());
    return shown.filter(
      (line) => line !== "" && line !== "..." && !line.startsWith("$ ") && !there.has(line),
    );
  }
  const numbers = numbersIn(printed);
  return figuresOf(block)
    .filter(
      ({ value, digits }) =>
        !numbers.some((number) => rounds(number, value, digits, block.tolerance)),
    )
    .map(({ text }) => text);
}

interface Figure {
  readonly text: string;
  readonly value: number;
  /** In the form of the text: decimals, or negative for significant ones of an exponent. */
  readonly digits: number;
}

/** Numbers of a table's cells; the first cell of a row names it, and code is no figure. */
function figuresOf({ lines, without }: MarkedBlock): Figure[] {
  const cellsOf = (line: string) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const heads = cellsOf(lines[0]!);
  return lines.slice(2).flatMap((line) =>
    cellsOf(line)
      .filter((_, i) => i > 0 && !without.includes(heads[i]!))
      .flatMap((cell) => figuresIn(cell.replace(/`[^`]*`/g, ""))),
  );
}

const number = /(?<![\w.,])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:e[+-]?\d+)?(?![\w,]*\d)/gi;

function figuresIn(text: string): Figure[] {
  return [...text.matchAll(number)].flatMap(([found]) => {
    const plain = found.replaceAll(",", "").replace("−", "-");
    if (!/\d/.test(plain) || Number.isNaN(Number(plain))) return [];
    const [mantissa = "", exponent] = plain.toLowerCase().split("e");
    const decimals = mantissa.split(".")[1]?.length ?? 0;
    const digits = exponent === undefined ? decimals : -1 - decimals;
    return [{ text: found, value: Number(plain), digits }];
  });
}

function numbersIn(text: string): number[] {
  return figuresIn(text).map(({ value }) => value);
}

/** Whether a printed number is the shown one, rounded to its digits. */
function rounds(printed: number, shown: number, digits: number, tolerance: number): boolean {
  if (Math.abs(printed - shown) <= tolerance * Math.abs(shown)) return true;
  if (digits < 0) return Number(printed.toExponential(-1 - digits)) === shown;
  return Math.abs(printed - shown) <= 0.5 * 10 ** -digits * (1 + 1e-9);
}
