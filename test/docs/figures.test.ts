import { expect, test } from "vitest";
import { allMarkedBlocks, staleFigures } from "../../scripts/docs/check-figures.ts";
import { markedBlocks, notPrinted } from "../../scripts/docs/marked-blocks.ts";
import { campaign } from "../campaign.ts";

/** Benches take minutes: they are made again under soak. */
const isQuick = (command: string) => /^(kofn account [^&]*|node scripts.*)$/.test(command);

test("what marked blocks show is what their commands print", () => {
  const blocks = allMarkedBlocks();
  expect(blocks.length).toBeGreaterThan(8);
  const chosen = blocks.filter(({ command }) => campaign(isQuick(command), true));
  expect(staleFigures(chosen)).toEqual([]);
});

test("a figure that is not printed is found, in tables and line by line", () => {
  const page = [
    "<!-- printed by: kofn plan a.yaml; within 5 %; without ns -->",
    "",
    "| `a: 7` 9 | loss | ns | many |",
    "| --- | --- | --- | --- |",
    "| b 8 | **.042** | 77 | 13,262 |",
    "| c | 2e-14 | 78 | never |",
    "",
    "<!-- printed by: kofn show a -->",
    "```",
    "run  a",
    "...",
    "done  3",
    "```",
  ].join("\n");
  const [table, lines] = markedBlocks(page);
  expect(table).toMatchObject({ kind: "table", tolerance: 0.05, without: ["ns"], line: 1 });
  expect(notPrinted(table!, "0.0423 13262.3 1.96e-14")).toEqual([]);
  expect(notPrinted(table!, "0.046 13262.3 2.6e-14")).toEqual([".042", "2e-14"]);
  expect(notPrinted({ ...table!, tolerance: 0 }, "0.0427 13262 2e-14")).toEqual([".042"]);
  expect(notPrinted(lines!, "run  a\nx\ndone  3")).toEqual([]);
  expect(notPrinted(lines!, "run  a\nx\ndone  4")).toEqual(["done  3"]);
  expect(() => markedBlocks("<!-- printed by: x -->\n\ntext")).toThrow(/line 1: neither/);
});
