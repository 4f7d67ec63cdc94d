import { describe, expect, it, test } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { dataSchema } from "../../src/data/options.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { memoryStore, opener, prepared, refusal } from "./fixtures.ts";

const given = (cells: readonly string[], delimiter: string, more: object) => {
  const lines = cells.map((cell, i) => `${cell}${delimiter}${i}`);
  const text = `a${delimiter}y\n${lines.join("\n")}\n`;
  return prepared({ "t.csv": text }, { source: "t.csv", target: "y", delimiter: "auto", ...more });
};
const some = ["1", "2.5", "-3", "4"];

describe("a column of numbers, some of which are not", () => {
  test.each(
    ["NULL", "None", "\\N", "#N/A", "#DIV/0!", ".", "-", "<NA>", "nil", "n/a"].map((mark) => [
      mark,
    ]),
  )("takes %s for a missing value", async (mark) => {
    const cells = [...some, mark];
    const made = (await given(cells, ",", { missing: "impute" })).prepared;
    expect(made.preparation.featureNames).toEqual(["a", "intercept"]);
    expect(made.preparation.columns[0]).toMatchObject({ kind: "numeric", fill: 4.5 / 4 });
    const { message } = await refusal(given(cells, ",", {}));
    expect(message).toContain(`column "a": the value is missing (${JSON.stringify(mark)})`);
  });

  test.each([
    ["a decimal comma", ["1,5", "2,25", "3", "0,5"], ";"],
    ["thousands", ['"1,234"', '"12,345.5"', '"1,000,000"', "7"], ","],
    ["points for thousands", ["1.234.567", "2.345,5", "1.000.000", "7"], ";"],
    ["percent", ["12%", "13 %", "0.5%", "7%"], ","],
    ["currency", ["$5", "-$6.50", "€7", "8 EUR"], ","],
    ["an accountant's minus", ["(3)", "(4.5)", "5", "6"], ","],
    ["a typographic minus", ["\u22123", "4.5", "5", "6"], ","],
    ["Fortran's exponent", ["1.0D+03", "2.5D-01", "1", "2"], ","],
    ["a stray word", ["1", "2", "3", "unknown"], ","],
  ])("refuses %s by name, count and first cell", async (_, cells, delimiter) => {
    const { code, message } = await refusal(given(cells, delimiter, {}));
    expect(code).toBe("odd-numbers");
    expect(message).toMatch(/column "a": [1-4] of the first 4 values are not numbers/);
    const made = (await given(cells, delimiter, { categorical: ["a"] })).prepared;
    expect(made.preparation.columns[0]).toMatchObject({ kind: "category" });
  });

  test.each([
    ["marks alone", ["-", "-", "None"]],
    ["words and a few numbers", ["a", "b", "1", "None"]],
    ["versions", ["1.2.3", "1.2.4", "2.0.0"]],
    ["numbers with a letter", ["1a", "2b", "3c"]],
  ])("is words as before where most are: %s", async (_, cells) => {
    const made = (await given(cells, ",", {})).prepared;
    expect(made.preparation.columns[0]).toMatchObject({
      kind: "category",
      levels: [...new Set(cells)].sort(),
    });
  });
});

describe("numbers that may be none to learn from", () => {
  const row = (_: unknown, i: number) => `${i + 5},0${i % 7}138,${(i * 7) % 5},${i}`;
  const text = `id,zip,x,y\n${Array.from({ length: 12 }, row).join("\n")}\n`;
  const notesOf = async (more: object) => {
    const data = parseOptions(dataSchema, { source: "t.csv", target: "y", ...more }, "data");
    const notes: string[] = [];
    const ports = { open: opener({ "t.csv": text }), store: memoryStore() };
    const onNote = (note: string) => notes.push(note);
    await prepareDataSet({ data, task: "regression", seed: 1 }, { ...ports, onNote });
    return notes;
  };

  it("are told with the option that settles it, and not where the spec says it", async () => {
    expect(await notesOf({})).toEqual([
      't.csv: column "id" counts the rows, and is read as numbers: leave it out by data.drop',
      't.csv: column "zip" has digits with leading zeros, as codes do, and is read as numbers: ' +
        "name it under data.categorical, or leave it out by data.drop",
    ]);
    expect(await notesOf({ drop: ["id"], categorical: ["zip"] })).toEqual([]);
  });

  it.each([
    ["times of day", ["08:30", "12:05:30", "9:00 pm", "23:59:59.5"]],
    ["spans of time", ["0 days", "1 day", "-3 days +04:05:06", "12 days, 1:02:03"]],
    ["spans of time", ["PT1H", "P1DT2H3M", "P2W", "PT0.5S"]],
    ["dates in another form", ["31.01.2024", "1.2.24", "29.02.2024 12:30", "01.03.2024"]],
    ["dates in another form", ["01/31/2024", "2/3/1999", "1/31/24 08:00", "12/12/2012"]],
    ["dates in another form", ["31 Jan 2024", "1-Feb-24", "29 february 2024", "3 Mar 2001"]],
    ["dates in another form", ["Jan 31, 2024", "Feb 1 2024", "March 3, 1999", "May 1 2001"]],
  ])("are told where words are %s", async (what, words) => {
    const lines = words.map(
      (word, i) => `"${word}",${["a", "08:30", "PT1H", "1.2.2024"][i % 4]},${i}`,
    );
    const notes = async (name: string, content: string, more: object = {}) => {
      const data = parseOptions(dataSchema, { source: name, target: "y", ...more }, "data");
      const told: string[] = [];
      const ports = { open: opener({ [name]: content }), store: memoryStore() };
      const onNote = (note: string) => told.push(note);
      await prepareDataSet({ data, task: "regression", seed: 1 }, { ...ports, onNote });
      return told;
    };
    const csv = `t,other,y\n${lines.join("\n")}\n`;
    const said = [
      expect.stringMatching(
        new RegExp(`^t.csv: column "t" holds ${what}.*, and is read as words: write .* data.drop$`),
      ),
    ];
    expect(await notes("t.csv", csv)).toEqual(said);
    const jsonl = words.map((t, y) => JSON.stringify({ t, y })).join("\n");
    expect(await notes("t.jsonl", jsonl)).toHaveLength(1);
    for (const more of [{ columns: { t: "category" } }, { drop: ["t"] }])
      expect(await notes("t.csv", csv, more)).toEqual([]);
  });
});
