import Table from "cli-table3";

const plainLines = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** A column of text is not wrapped below this, nor within a word. */
const textColumnsMin = 16;

/** Columns of the terminal; no bound where the output goes elsewhere. */
function terminalColumns(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY === true && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

/**
 * Rows under headings, aligned; numbers to the right. Where that is wider than the terminal, its
 * widest texts are wrapped; where that is not enough, each row becomes a list of names and values.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns = terminalColumns(),
): string {
  const isNumber = head.map((_, i) => rows.every((row) => isNumeric(row[i] ?? "")));
  const widths = head.map((name, i) =>
    Math.max(...[name, ...rows.map((row) => row[i] ?? "")].map((cell) => cell.length)),
  );
  const least = head.map((name, i) =>
    isNumber[i]
      ? widths[i]!
      : Math.max(textColumnsMin, ...[name, ...rows.map((row) => row[i] ?? "")].map(longestWord)),
  );
  const fitted = fittedWidths(widths, least, columns);
  if (fitted === null) return lists(head, rows);
  const drawn = new Table({
    head: [...head],
    chars: plainLines,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: isNumber.map((right) => (right ? "right" : "left")),
    ...(fitted === widths ? {} : { colWidths: [...fitted], wordWrap: true }),
  });
  for (const row of rows) drawn.push([...row]);
  return trimmed(drawn.toString());
}

/** Widths that fit, the widest texts narrowed first; the same array where all fit, else null. */
function fittedWidths(
  widths: readonly number[],
  least: readonly number[],
  columns: number,
): readonly number[] | null {
  const between = plainLines.middle.length * (widths.length - 1);
  const total = (of: readonly number[]) => of.reduce((sum, width) => sum + width, between);
  if (total(widths) <= columns) return widths;
  const fitted = [...widths];
  while (total(fitted) > columns) {
    const wide = [...fitted.keys()].filter((i) => fitted[i]! > least[i]!);
    if (wide.length === 0) return null;
    const widest = wide.reduce((most, i) => (fitted[i]! > fitted[most]! ? i : most));
    fitted[widest]!--;
  }
  return fitted;
}

function longestWord(text: string): number {
  return Math.max(...text.split(/\s+/).map((word) => word.length));
}

function lists(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const list = (row: readonly string[]) => facts(head.map((name, i) => [name, row[i] ?? ""]));
  return rows.map(list).join("\n\n");
}

/** Names and values, one pair a line. */
export function facts(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

function isNumeric(cell: string): boolean {
  return cell === "" || cell === "–" || /^[<$\s-]*[\d.,]+(e[+-]?\d+)?( ?[a-z%]+)?$/i.test(cell);
}

function trimmed(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
