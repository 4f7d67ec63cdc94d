import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import type { Preparation } from "../../src/data/manifests.ts";
import { dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { transformer } from "../../src/data/prepare/transform.ts";
import { opener, prepared, refusal, transformed } from "./fixtures.ts";

const train = { "t.csv": "a,kind,y\n1,red,no\n2,blue,yes\n3,red,no\n" };

async function trained(): Promise<Preparation> {
  const options = { source: "t.csv", target: "y", missing: "impute" } as const;
  return (await prepared(train, options, { task: "classification" })).prepared.preparation;
}

describe("raw rows by a saved preparation", () => {
  it("become what training rows became, in file order", async () => {
    const options = { source: "t.csv", target: "y" };
    const done = await prepared(train, options, { task: "classification" });
    const trainingRows = await readExamples(done.store, done.prepared.train, 4);
    const [batch] = await transformed(done.prepared.preparation, train);
    const rowsOf = (values: Float32Array) =>
      [0, 1, 2].map((i) => [...values.subarray(i * 4, i * 4 + 4)].join()).sort();
    expect(rowsOf(batch!.rows.values)).toEqual(rowsOf(trainingRows.rows.values));
    expect([...batch!.targets!]).toEqual([0, 1, 0]);
    expect(batch!.rows.values[4]).toBe(0);
  });

  it("need no target, no order and no columns that were not used", async () => {
    const rows = { "new.csv": "kind,other,a\ngreen,x,2\nred,y,?\n" };
    const [batch] = await transformed(await trained(), rows);
    expect(batch!.targets).toBeNull();
    expect([...batch!.rows.values]).toEqual([0, 0, 0, 1, 0, 0, 1, 1]);
  });

  it("with words that were not trained on are told of, with the words", async () => {
    const reading = parseOptions(dataSchema, { source: "t", missing: "impute" }, "data");
    const notes: string[] = [];
    const rows = { "new.csv": "kind,a\ngreen,2\nred,3\nmauve,1\ngreen,2\n,1\n" };
    const { batches } = transformer(await trained(), reading, (note) => notes.push(note));
    for await (const { rows: made } of batches("new.csv", opener(rows))) expect(made.rows).toBe(5);
    expect(notes).toEqual([
      'new.csv: column "kind": 2 of its words did not stand in the training rows ' +
        '("green", "mauve"), in 3 rows of this file: they count as none of its words',
    ]);
  });

  it("know no class that was not trained on", async () => {
    const rows = { "new.csv": "a,kind,y\n1,red,maybe\n1,red,yes\n" };
    const [batch] = await transformed(await trained(), rows);
    expect([...batch!.targets!]).toEqual([Number.NaN, 1]);
  });

  it("name the column that is absent", async () => {
    const error = await refusal(transformed(await trained(), { "new.csv": "A,kind\n1,red\n" }));
    expect(error.message).toMatch(/new\.csv: column "a" is absent/);
    expect(error.hint).toMatch(/did you mean "A"/);
  });

  it("stay sparse, without features that were not trained on", async () => {
    const done = await prepared(
      { "t.libsvm": "+1 1:1 3:2\n-1 2:1\n" },
      { source: "t.libsvm", standardize: false },
      { task: "classification" },
    );
    const rows = { "new.libsvm": "1.0 1:5 4:7\n-1\n" };
    const [batch] = await transformed(done.prepared.preparation, rows);
    expect(batch!.rows).toMatchObject({
      kind: "sparse",
      columns: 4,
      indices: Uint32Array.of(0, 3, 3),
      values: Float32Array.of(5, 1, 1),
      offsets: Uint32Array.of(0, 2, 3),
    });
    expect([...batch!.targets!]).toEqual([1, 0]);
  });
});
