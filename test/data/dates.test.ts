import { describe, expect, it, test } from "vitest";
import { daysIn } from "../../src/data/formats/dates.ts";
import { prepared, refusal } from "./fixtures.ts";

test.each([
  ["1970-01-01", 0],
  ["1969-12-31", -1],
  ["2024-02-29", 19_782],
  ["2024-02-29 12:00", 19_782.5],
  ["2024-02-29T12:00:00Z", 19_782.5],
  ["2024-02-29T12:00:00.000000", 19_782.5],
  ["2024-02-29 14:00:00+02:00", 19_782.5],
  ["2024-02-29 14:00:00+02", 19_782.5],
  ["2024-02-28 22:00:00-0200", 19_782],
  ["0001-01-01", -719_162],
  [" 2024-02-29 ", 19_782],
  ["2024/02/29 12:00", 19_782.5],
  ["2024-02-29 00:00:00.5", 19_782 + 500 / 86_400_000],
])("%s is day %d since 1970-01-01", (text, days) => expect(daysIn(text)).toBe(days));

test.each([
  ..."2023-02-29 2024-13-01 2024-1-1 24-01-01 01/02/2024 2024/01-01 20240101 2024".split(" "),
  ...["2024-01-01 24:00", "2024-01-01x", "2024-01-01 12", "2024-01-01 12:00 CET", ""],
])("%j is no date", (text) => expect(daysIn(text)).toBeUndefined());

describe("a column of dates", () => {
  const file = (cells: readonly string[]) => ({
    "t.csv": `when,x,y\n${cells.map((cell, i) => `${cell},${i},${i}`).join("\n")}\n`,
  });
  const options = { source: "t.csv", target: "y", standardize: false, intercept: false } as const;
  const cells = ["2024-01-01", "2024-01-03", "2024-02-01 06:00"];

  it("is one feature of days, words or nothing, as the spec says", async () => {
    const { prepared: made } = await prepared(file(cells), options);
    expect(made.preparation.columns[0]).toMatchObject({
      kind: "numeric",
      name: "when",
      date: true,
    });
    expect(made.columns).toBe(2);
    const words = await prepared(file(cells), { ...options, dates: "words" });
    expect(words.prepared.columns).toBe(4);
    const none = await prepared(file(cells), { ...options, dates: "drop" });
    expect(none.prepared.preparation.featureNames).toEqual(["x"]);
    const named = await prepared(file(cells), { ...options, categorical: ["when"] });
    expect(named.prepared.columns).toBe(4);
  });

  it("refuses what is none late in a file, numbers too, and imputes what is missing", async () => {
    const many = Array.from({ length: 1_200 }, () => "2024-01-01");
    for (const odd of ["01/02/2024", "20240101", "7"]) {
      const refused = await refusal(prepared(file([...many, odd]), options));
      expect(refused.message).toBe(`t.csv: line 1202, column "when": "${odd}" is not a date`);
    }
    const gaps = { ...options, missing: "impute" } as const;
    const made = await prepared(file([...cells, "", "NULL"]), gaps);
    const [plan] = made.prepared.preparation.columns;
    expect(plan).toMatchObject({ fill: (19_723 + 19_725 + 19_754.25) / 3 });
    expect((await refusal(prepared(file([...cells, "NULL"]), options))).code).toBe("missing-value");
  });
});
