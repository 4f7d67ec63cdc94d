import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ports/events.ts";
import { readSpec } from "../../src/run/spec-file.ts";
import { parseOverride } from "../../src/spec/overrides.ts";
import { campaign } from "../campaign.ts";
import { jsonLines, kofn, kofnAt, newFolder } from "./fixtures.ts";
import { loanColumns, loansCsv } from "./loans.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await newFolder();
  await writeFile(at("loans.csv"), loansCsv(20_000));
  // A plan's rehearsals go through all of these, some hundred times.
  await writeFile(at("some.csv"), loansCsv(campaign(5_000, 20_000)));
});
afterAll(() => folder.remove());

const here = (...args: string[]) => kofnAt({ home: at("home"), cwd: folder.path }, ...args);
const resultOf = (out: string) => jsonLines(out).at(-1) as unknown as ResultEvent;

describe("a table of 20,000 loans as people have them", () => {
  it("comes to a model with its area under the curve by one command, and by two", async () => {
    const rounds = `stop.rounds=${campaign(8, 30)}`;
    const simulated = ["--backend", "simulated", "--json", "--set", rounds];
    const ran = await here("run", "some.csv", "--target", "defaulted", ...simulated);
    expect(ran.err).not.toContain("error:");
    expect(ran.exitCode).toBe(0);
    const { train, test } = resultOf(ran.out).metrics;
    expect(test.auc).toBeGreaterThan(0.75);
    expect(Math.abs(test.auc! - train.auc!)).toBeLessThan(0.05);

    const init = await here("init", "some.csv", "--target", "defaulted");
    expect(init.exitCode).toBe(0);
    expect(init.err).toContain("train by it: kofn run some.yaml");
    const written = await readFile(at("some.yaml"), "utf8");
    expect(ran.err).toContain(written.split("\n\n")[1]!.trimEnd());
    const settings = [parseOverride(rounds, "--set")];
    const used = await readSpec(at("some.yaml"), settings);
    expect(used).toMatchObject({ problem: { type: "logistic" }, auto: ["workers", "wait"] });
  });

  it("is written into the spec with every column that is left out, and why", async () => {
    await here("init", "loans.csv", "--target", "defaulted", "--output", "why.yaml");
    const spec = await readFile(at("why.yaml"), "utf8");
    expect(spec).toMatch(/problem: \{ type: logistic \} # "defaulted" has 2 classes: "no" 9\d/);
    expect(spec).toMatch(/stratify: true/);
    expect(spec).toMatch(/missing: impute # in "income", "work", "score"/);
    const dropped = [...spec.matchAll(/^ {4}- (\w+) # (.*)$/gm)].map(([, name]) => name);
    expect(dropped).toEqual(["loan_id", "customer_id", "zip", "country"]);
    expect(spec).toMatch(/loan_id # it counts the rows/);
    expect(spec).toMatch(/zip # .*codes, more than data\.categoriesMax .*leading zeros/);
    expect(spec).toMatch(/country # one value in every row/);
  });

  it("offers to keep a column of too many words, by lines that work as they stand", async () => {
    await writeFile(at("some.csv"), loansCsv(600));
    await here("init", "some.csv", "--target", "defaulted", "--output", "offer.yaml");
    const spec = await readFile(at("offer.yaml"), "utf8");
    expect(spec).toMatch(/# too many words for a feature each; to keep such a column, take it out/);
    const taken = spec
      .replace(/^ {4}- zip #.*\n/m, "")
      .replace(/^( *)# (columns:| {2}zip:)/gm, "$1$2");
    await writeFile(at("taken.yaml"), taken);
    const used = await readSpec(at("taken.yaml"), [parseOverride("stop.rounds=2", "--set")]);
    expect(used.data.columns).toEqual({ zip: { type: "hash", buckets: 256 } });
    const ran = await here("run", "taken.yaml", "--backend", "simulated", "--set", "stop.rounds=2");
    expect(ran.err).not.toContain("error:");
    const shown = await here("show", "latest", "--model", "--json");
    expect(shown.out).toMatch(/zip/);
  });

  it("is shown column by column", async () => {
    const { out, exitCode } = await here("inspect", "loans.csv", "--json");
    expect(exitCode).toBe(0);
    const columns = jsonLines(out).slice(0, -1);
    expect(columns.map(({ name }) => name)).toEqual(loanColumns);
    const holds = Object.fromEntries(columns.map(({ name, holds }) => [name, holds]));
    expect(holds).toMatchObject({ applied: "date", first_payment: "date", rate: "number" });
    expect(holds).toMatchObject({ term: "integer", purpose: "words", zip: "integer" });
    const score = columns.find(({ name }) => name === "score")!;
    expect(score).toMatchObject({ holds: "number", becomes: "number", features: 1 });
    expect(score.missing).toBeGreaterThan(400);
    const people = await here("inspect", "loans.csv", "--target", "defaulted");
    expect(people.out).toMatch(/^applied +dates +– +1,500 +2019-01-01 to 2023-02-08 +date: days/m);
    expect(people.out).toMatch(/^home +words .*category: 3 words, a feature each$/m);
    expect(people.out).toMatch(/^defaulted .*target$/m);
  });
});

describe("a data file that a run is made of", () => {
  const write = (name: string, rows: readonly string[]) =>
    writeFile(at(name), `${rows.join("\n")}\n`);
  const specOf = async (name: string, ...args: string[]) => {
    const ended = await here("init", name, "--output", "made.yaml", "--force", ...args);
    expect(ended.err).not.toContain("error:");
    return { spec: await readFile(at("made.yaml"), "utf8"), ...ended };
  };

  it("is taken by its target: numbers, two classes, several, and nobody's choice", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 3},${i % 2},${i * 1.5}`);
    await write("kinds.csv", ["x,three,two,many", ...rows]);
    expect((await specOf("kinds.csv")).spec).toMatch(
      /type: ridge[\s\S]*target: many .*--target NAME/,
    );
    expect((await specOf("kinds.csv", "--target", "two")).spec).toMatch(/type: logistic/);
    const several = await specOf("kinds.csv", "--target", "three");
    expect(several.spec).toMatch(/type: softmax \} # "three" has 3 classes.*for a number: ridge/);
    expect(several.spec).not.toMatch(/--target NAME/);
  });

  it("keeps settings, and is not written over by chance", async () => {
    await write("small.csv", [
      "a,b,y",
      ...Array.from({ length: 40 }, (_, i) => `${i},${-i},${i % 2}`),
    ]);
    const { spec } = await specOf("small.csv", "--set", "data.drop=[b]", "--set", "seed=5");
    expect(spec).toMatch(/drop:\n {4}- a # it counts the rows\n {4}- b\n/);
    expect(spec).toMatch(/seed: 5/);
    const again = await here("init", "small.csv", "--output", "made.yaml");
    expect([again.exitCode, again.err]).toEqual([2, expect.stringMatching(/--force/)]);
  });

  it("says which column tells the target all by itself", async () => {
    const rows = Array.from({ length: 200 }, (_, i) => {
      const isBad = i % 5 === 0;
      return `${(i * 7919) % 101},${isBad ? "sold" : "none"},${isBad ? 10 + i : i / 50},${isBad}`;
    });
    await write("leaks.csv", ["x,recovery,loss,bad", ...rows]);
    const { err } = await specOf("leaks.csv", "--target", "bad");
    expect(err).toMatch(/"recovery" alone tells "bad": each of its values/);
    expect(err).toMatch(/"loss" alone tells "bad": its ranges in the classes do not meet/);
    expect(err).not.toMatch(/column "x"/);
  });

  it("is refused with the reason where there is nothing to predict", async () => {
    await write("same.csv", ["a,y", "1,2", "3,2"]);
    const same = await here("run", "same.csv", "--target", "y");
    expect([same.exitCode, same.err]).toEqual([2, expect.stringMatching(/same value in every/)]);
    await write("holes.csv", ["a,y", "1,2", "3,", "4,5"]);
    const holes = await here("init", "holes.csv", "--target", "y");
    expect(holes.err).toMatch(/"y" is missing in 1 rows, the first of them row 2/);
    const none = await here("init", "holes.csv", "--target", "z");
    expect(none.err).toMatch(/no column is called "z"/);
    expect((await kofn(at("home"), "run", at("same.csv"))).err).toMatch(/--target NAME/);
  });
});

describe("a model that says nothing", () => {
  it("is told to be no better than the base rate, of classes and of numbers", async () => {
    const rows = Array.from({ length: 200 }, (_, i) => {
      const x = (i * 7919) % 101;
      const kind = ["a", "b", "c"][(i * 32_452_843) % 3];
      return `${x},${(i * 104_729) % 7 < 1 ? "yes" : "no"},${(i * 15_485_863) % 89},${kind}`;
    });
    await writeFile(at("noise.csv"), `${["x,bad,y,kind", ...rows].join("\n")}\n`);
    for (const [target, reason] of [
      ["bad", /no better than the base rate: on test rows logloss is 0\.\d+, and 0\.\d+ by the/],
      ["y", /no better than the base rate: on test rows r2 is -/],
      ["kind", /no better than the base rate: on test rows logloss is 1\.\d+, and 1\.\d+ by the/],
    ] as const) {
      const others = ["bad", "y", "kind"].filter((name) => name !== target);
      const drop = `data.drop=[${others.join(",")}]`;
      const plain = ["workers=2", "wait=all", "stop.rounds=20"];
      const set = [drop, ...plain].flatMap((setting) => ["--set", setting]);
      const args = [...set, "--backend", "simulated"];
      const { err, exitCode } = await here("run", "noise.csv", "--target", target, ...args);
      expect(exitCode).toBe(0);
      expect(err).toMatch(reason);
    }
  });
});
