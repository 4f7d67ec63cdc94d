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

/** Rows under headings, aligned; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: [...head],
    chars: plainLines,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: head.map((_, i) =>
      rows.every((row) => isNumeric(row[i] ?? "")) ? "right" : "left",
    ),
  });
  for (const row of rows) drawn.push([...row]);
  return trimmed(drawn.toString());
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
