import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { shareRatings } from "../../src/data/shards/ratings.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Rows, SparseRows } from "../../src/math/rows.ts";
import { opener, prepared, refusal } from "./fixtures.ts";

const csv = "who,what,when,stars\nZoe,b,1,4\nada,b,2,2\nada,a,3,5\n7,b,4,3\n";
const options = { source: "r.csv", target: "stars", drop: ["when"] };
const task = { task: "ratings" } as const;

/** Each row as the columns where it is one. */
function onesOf(rows: Rows): number[][] {
  const { indices, offsets, values } = rows as SparseRows;
  expect([...values].every((value) => value === 1)).toBe(true);
  return Array.from({ length: rows.rows }, (_, row) => [
    ...indices.subarray(offsets[row]!, offsets[row + 1]!),
  ]);
}

describe("ratings from columns", () => {
  it("are rows with a one for user, item and intercept; any text names one", async () => {
    const { prepared: data, store } = await prepared({ "r.csv": csv }, options, task);
    const names = ["who=7", "who=Zoe", "who=ada", "what=a", "what=b", "intercept"];
    expect(data.preparation.featureNames).toEqual(names);
    const { rows, targets } = await readExamples(store, data.train, names.length);
    const told = onesOf(rows).map((ones, row) => `${ones.map((j) => names[j])} ${targets[row]}`);
    expect(told.sort()).toEqual([
      "who=7,what=b,intercept 3",
      "who=Zoe,what=b,intercept 4",
      "who=ada,what=a,intercept 5",
      "who=ada,what=b,intercept 2",
    ]);
    expect(data.targetMean).toBe(3.5);
  });

  it("of a test file lack whom training did not see", async () => {
    const test = "who,what,when,stars\nnew,b,1,4\nada,other,2,2\nnew,other,9,1\n";
    const files = { "r.csv": csv, "t.csv": test };
    const done = await prepared(files, { ...options, test: "t.csv" }, task);
    const { rows, targets } = await readExamples(done.store, done.prepared.test, 6);
    const told = onesOf(rows).map((ones, row) => [...ones, targets[row]]);
    expect(told.sort()).toEqual([
      [2, 5, 2],
      [4, 5, 4],
      [5, 1],
    ]);
  });

  it("are read the same way again, for predictions", async () => {
    const { prepared: data } = await prepared({ "r.csv": csv }, options, task);
    const reading = parseOptions(dataSchema, { source: "-" }, "data");
    const { batches } = transformer(data.preparation, reading);
    const found = [];
    const more = "what,stars,who\nb,4,ada\na,,nobody\n";
    for await (const batch of batches("n.csv", opener({ "n.csv": more }))) found.push(batch);
    expect(found).toHaveLength(1);
    expect(onesOf(found[0]!.rows)).toEqual([
      [2, 4, 5],
      [3, 5],
    ]);
    expect([...found[0]!.targets!]).toEqual([4, Number.NaN]);
    const bare = batches("n.csv", opener({ "n.csv": "what,who\nb,ada\n" }));
    expect((await bare.next()).value!.targets).toBeNull();
  });

  it("need a user's and an item's column, and no more", async () => {
    const { message, hint } = await refusal(
      prepared({ "r.csv": csv }, { source: "r.csv", target: "stars" }, task),
    );
    expect(message).toBe(
      'r.csv: 3 columns are left besides the target ("who", "what", "when"), ' +
        "expected two: user and item",
    );
    expect(hint).toMatch(/data.drop/);
    const files = { "s.libsvm": "1 1:1 2:1\n" };
    expect((await refusal(prepared(files, { source: "s.libsvm" }, task))).message).toMatch(
      /libsvm, expected columns/,
    );
    const gap = { "r.csv": "who,what,stars\nada,,3\n" };
    expect(
      (await refusal(prepared(gap, { source: "r.csv", target: "stars" }, task))).message,
    ).toMatch(/missing/);
  });

  it("have more users than a column of categories may have", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `user-${i},item-${i % 7},${i % 5}`);
    const files = { "r.csv": `who,what,stars\n${lines.join("\n")}\n` };
    const { prepared: data, store } = await prepared(
      files,
      { source: "r.csv", target: "stars" },
      task,
    );
    expect(data.columns).toBe(3008);
    const chosen = encodings.resolve({ type: "hadamard" }, "encoding");
    const request = { encoding: encodings.create(chosen), chosen, workers: 4, seed: 1 };
    const shared = await shareRatings(data, request, store);
    expect(shared.ratings!.users).toEqual(new Array(3000).fill(1));
    expect(shared.ratings!.items).toEqual([429, 429, 429, 429, 428, 428, 428]);
    // Doing it again costs nothing and gives the same.
    expect(await shareRatings(data, request, store)).toEqual(shared);
  });
});
