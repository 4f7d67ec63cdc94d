import { describe, expect, it } from "vitest";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { prepared, refusal } from "./fixtures.ts";

const rows = Array.from({ length: 300 }, (_, i) => (i % 100 === 7 ? "rare" : i % 3 ? "b" : "a"));
const csv = { "t.csv": `x,y\n${rows.map((y, i) => `${i * 0.5},${y}`).join("\n")}\n` };
const svm = {
  "t.libsvm": rows.map((y, i) => `${["a", "b", "rare"].indexOf(y)} 1:${i}\n`).join(""),
};
const count = (labels: Iterable<number>) => {
  const counts = [0, 0, 0];
  for (const label of labels) counts[label]! += 1;
  return counts;
};

describe("a split that keeps the classes' shares", () => {
  it.each([
    ["CSV", csv, { source: "t.csv", target: "y" }],
    ["LIBSVM", svm, { source: "t.libsvm" }],
  ])("has of each class of %s its own share, rounded", async (_, files, options) => {
    const all = count(rows.map((y) => ["a", "b", "rare"].indexOf(y)));
    for (const seed of [1, 2, 3]) {
      const data = { ...options, test: 0.2, stratify: true };
      const made = await prepared(files, data, { task: "classification", seed });
      const { train, test, columns, testRows } = made.prepared;
      const tested = count((await readExamples(made.store, test, columns)).targets);
      const trained = count((await readExamples(made.store, train, columns)).targets);
      expect(tested).toEqual(all.map((rowsOfClass) => Math.round(0.2 * rowsOfClass)));
      expect(trained.map((rowsOfClass, i) => rowsOfClass + tested[i]!)).toEqual(all);
      expect(testRows).toBe(tested.reduce((sum, more) => sum + more));
    }
  });

  it("leaves a row of each class for training, and chooses others by another seed", async () => {
    const files = { "t.csv": "x,y\n1,a\n2,a\n3,a\n4,b\n5,a\n6,a\n" };
    const data = { source: "t.csv", target: "y", test: 0.9, stratify: true, standardize: false };
    const values = async (seed: number) => {
      const made = await prepared(files, data, { task: "classification", seed });
      const { values } = (await readExamples(made.store, made.prepared.train, 2)).rows;
      return [...values].filter((_, i) => i % 2 === 0).sort();
    };
    expect(await values(1)).toHaveLength(2);
    expect(await values(1)).toContain(4);
    const drawn = new Set((await Promise.all([1, 2, 3, 4, 5, 6].map(values))).map(String));
    expect(drawn.size).toBeGreaterThan(1);
  });

  it("is refused where there are no classes, or where a row decides by itself", async () => {
    const options = { source: "t.csv", target: "x", test: 0.2, stratify: true };
    expect((await refusal(prepared(csv, options))).message).toMatch(/"x" is numbers, not classes/);
    const own = { ...options, target: "y", membership: "records" } as const;
    const refused = await refusal(prepared(csv, own, { task: "classification" }));
    expect(refused.message).toMatch(/a coin for each row/);
    const isPrivate = { task: "classification", isPrivate: true } as const;
    const stated = { ...options, target: "y", classes: ["a", "b", "rare"] };
    expect((await refusal(prepared(csv, stated, isPrivate))).code).toBe("not-private");
  });
});
