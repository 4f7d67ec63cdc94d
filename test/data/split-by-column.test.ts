import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { DataInput } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { type Files, prepared, refusal } from "./fixtures.ts";

/** What scikit-learn takes of the same rows: written by its origin's command, named in the file. */
interface SplitFixture {
  readonly origin: string;
  /** Days since 1970-01-01, of each row; none twice. */
  readonly days: readonly number[];
  readonly latest: readonly { readonly share: number; readonly test: readonly number[] }[];
  readonly groups: readonly {
    readonly share: number;
    readonly groups: number;
    readonly testGroups: number;
  }[];
}

const fixture = JSON.parse(
  await readFile(new URL("../fixtures/scikit-learn/splits.json", import.meta.url), "utf8"),
) as SplitFixture;

/** The numbers of rows, which stand in column `id` as they are, on each side. */
async function sides(files: Files, options: DataInput, seed = 1) {
  const data = { target: "y", standardize: false, intercept: false, ...options };
  const made = await prepared(files, data, { seed });
  const { preparation, columns } = made.prepared;
  const at = preparation.featureNames.indexOf("id");
  const ids = async (parts: typeof made.prepared.train) => {
    const { rows } = await readExamples(made.store, parts, columns);
    const all = Array.from({ length: rows.rows }, (_, i) => rows.values[i * columns + at]!);
    return all.sort((a, b) => a - b);
  };
  const [train, test] = [await ids(made.prepared.train), await ids(made.prepared.test)];
  return { train, test, names: preparation.featureNames, testRows: made.prepared.testRows };
}

const dayOf = (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10);
const timed = (cell: (days: number) => string | number) => ({
  "t.csv": `id,when,y\n${fixture.days.map((day, i) => `${i},${cell(day)},${i}`).join("\n")}\n`,
});

describe("test rows by time", () => {
  it.each(fixture.latest)("are the latest, as scikit-learn takes $share of them", async (one) => {
    const test = { share: one.share, by: "time", column: "when" } as const;
    for (const files of [timed(dayOf), timed((day) => day - 20_000.5)]) {
      const made = await sides(files, { source: "t.csv", test });
      expect(made.test).toEqual([...one.test].sort((a, b) => a - b));
      expect(made.testRows).toBe(one.test.length);
      expect(made.train).toHaveLength(fixture.days.length - one.test.length);
      expect(made.names).toContain("when");
    }
  });

  it("keep those of one time together, and leave the column out where it is dropped", async () => {
    const times = [3, 1, 2, 2, 3, 2, 1, 3, 3, 2];
    const rows = times.map((time, i) => `${i},2024-01-0${time},${i}`).join("\n");
    const files = { "t.csv": `id,when,y\n${rows}\n` };
    const by = { by: "time", column: "when" } as const;
    const at = async (share: number) =>
      (await sides(files, { source: "t.csv", test: { share, ...by }, drop: ["when"] })).test;
    expect(await at(0.2)).toEqual([0, 4, 7, 8]);
    expect(await at(0.5)).toEqual([0, 4, 7, 8]);
    expect(await at(0.7)).toEqual([0, 2, 3, 4, 5, 7, 8, 9]);
    // Something is always left to train on.
    expect(await at(0.9)).toEqual([0, 2, 3, 4, 5, 7, 8, 9]);
    const made = await sides(files, {
      source: "t.csv",
      test: { share: 0.2, ...by },
      drop: ["when"],
    });
    expect(made.names).toEqual(["id"]);
  });
});

describe("test rows by groups", () => {
  const groupOf = (i: number) => `g${(i * i) % 31}`;
  const rows = Array.from({ length: 400 }, (_, i) => i);
  const text = (order: readonly number[]) => ({
    "t.csv": `id,who,y\n${order.map((i) => `${i},${groupOf(i)},${i}`).join("\n")}\n`,
  });
  const test = { share: 0.25, by: "groups", column: "who" } as const;

  it("are whole groups, whose column is no feature, in whatever order rows stand", async () => {
    const made = await sides(text(rows), { source: "t.csv", test, drop: ["who"] });
    const [trained, tested] = [made.train, made.test].map((ids) => new Set(ids.map(groupOf)));
    expect([...tested!].filter((group) => trained!.has(group))).toEqual([]);
    expect([...made.train, ...made.test].sort((a, b) => a - b)).toEqual(rows);
    expect(tested!.size).toBe(Math.ceil(0.25 * (trained!.size + tested!.size)));
    expect(made.testRows).toBe(made.test.length);
    expect(made.names).toEqual(["id"]);
    const turned = await sides(text(rows.toReversed()), { source: "t.csv", test });
    expect(turned).toEqual(made);
    const others = await sides(text(rows), { source: "t.csv", test }, 2);
    expect(others.test).not.toEqual(made.test);
  });

  it("are as many groups as scikit-learn takes", async () => {
    for (const { share, groups, testGroups } of fixture.groups) {
      const lines = Array.from({ length: 3 * groups }, (_, i) => `${i},${i % groups},${i}`);
      const options = { source: "t.csv", test: { ...test, share } };
      const made = await sides({ "t.csv": `id,who,y\n${lines.join("\n")}\n` }, options);
      expect(new Set(made.test.map((id) => id % groups)).size).toBe(testGroups);
    }
  });
});

it("classes keep their shares by either way of saying so", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i},${i % 3 ? "b" : "a"}`).join("\n");
  const files = { "t.csv": `id,y\n${rows}\n` };
  const run = async (options: DataInput) =>
    (
      await prepared(
        files,
        { source: "t.csv", target: "y", ...options },
        { task: "classification" },
      )
    ).prepared;
  const [one, other] = [
    await run({ test: { share: 0.2, by: "stratified" } }),
    await run({ test: 0.2, stratify: true }),
  ];
  expect(one.test).toEqual(other.test);
  expect(one.testRows).toBe(12);
});

describe("a choice of test rows that cannot be", () => {
  const files = {
    "t.csv": "id,who,when,y\n1,a,2024-01-01,1\n2,b,2024-01-02,2\n3,b,2024-01-03,3\n",
  };
  const svm = { "t.csv": "1 1:2\n2 1:3\n" };
  const by = (by: "groups" | "time", column: string) => ({ test: { share: 0.5, by, column } });
  const cases: [string, Files, DataInput, RegExp][] = [
    ["no such column", files, by("groups", "whom"), /data\.test\.column.*"whom"/],
    ["the target", files, by("groups", "y"), /"y" is the target/],
    ["words for times", files, by("time", "who"), /"who" of t\.csv holds words/],
    ["dates as words", files, { ...by("time", "when"), dates: "words" }, /read as words/],
    ["one group", { "t.csv": "x,g,y\n1,a,1\n2,a,2\n" }, by("groups", "g"), /one group, "a"/],
    ["one time", { "t.csv": "x,g,y\n1,5,1\n2,5,2\n" }, by("time", "g"), /holds one time/],
    ["a group missing", { "t.csv": "x,g,y\n1,a,1\n2,,2\n" }, by("groups", "g"), /line 3.*"g"/],
    ["sparse rows", svm, { ...by("time", "when"), format: "libsvm", target: undefined }, /no such/],
    [
      "numbers in strata",
      files,
      { test: { share: 0.5, by: "stratified" } },
      /numbers, not classes/,
    ],
    ["two ways", files, { ...by("time", "when"), stratify: false }, /beside data\.test\.by: time/],
    ["own coins", files, { ...by("time", "when"), membership: "records" }, /coin for each row/],
  ];
  it.each(cases)("is refused: %s", async (_, given, options, message) => {
    const refused = await refusal(prepared(given, { source: "t.csv", target: "y", ...options }));
    expect(refused.message).toMatch(message);
  });

  it.each(["groups", "time"] as const)("is refused of a private run: by %s", async (name) => {
    const data = { source: "t.csv", target: "y", drop: ["who"], ...by(name, "when") };
    const refused = await refusal(prepared(files, data, { isPrivate: true }));
    expect([refused.code, refused.message]).toEqual([
      "not-private",
      expect.stringMatching(/record/),
    ]);
  });
});
