import { expect, test } from "vitest";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import type { SparseRows } from "../../src/math/rows.ts";
import { prepared, refusal, transformed } from "./fixtures.ts";

/** The last index is that of a known file of advertisements, kdd12. */
const wide = "1 1:0.5 54686452:2\n-1 4194305:1 1:0.25\n1 3:1\n";
const from = { source: "wide.libsvm", standardize: false };
const task = { task: "classification" } as const;

function rowsOf({ values, indices, offsets }: SparseRows): string[] {
  return [...offsets.subarray(1)].map((end, row) => {
    const start = offsets[row]!;
    return [...indices.subarray(start, end)].map((j, i) => `${j}:${values[start + i]}`).join(" ");
  });
}

test("more features than a model names are refused with an option that takes them", async () => {
  const error = await refusal(prepared({ "wide.libsvm": wide }, from, task));
  expect(error).toMatchObject({ code: "bad-index" });
  expect(error.message).toMatch(/line 1: index 54686452, expected 1 to 4194304/);
  const [, name = "", count] = /set data\.(\w+): (\d+)/.exec(error.hint!) ?? [];
  const options = { ...from, [name]: Number(count) };
  const done = await prepared({ "wide.libsvm": wide }, options, task);
  const { preparation, columns } = done.prepared;
  expect(columns).toBe(1_048_576 + 1);
  expect(preparation.indexBuckets).toBe(1_048_576);
  const { rows } = await readExamples(done.store, done.prepared.train, columns);
  // 54,686,451 - 52 * 1,048,576; 4,194,304 is in the bucket of 0.
  expect(rowsOf(rows as SparseRows).sort()).toEqual(
    ["0:0.5 160499:2 1048576:1", "0:1.25 1048576:1", "2:1 1048576:1"].sort(),
  );
});

test("values that share a bucket are added up; rows to predict fall into the same", async () => {
  const options = { ...from, indexBuckets: 4, intercept: false };
  const done = await prepared({ "wide.libsvm": wide }, options, task);
  const { preparation } = done.prepared;
  expect(preparation.featureNames).toEqual(["1", "2", "3", "4"]);
  const rows = { "new.libsvm": "1 1:3 5:4 8:1\n-1 9:1 4000000000:1\n" };
  await expect(transformed(preparation, rows)).rejects.toThrow(/index 4000000000, expected 1 to/);
  const fewer = { "new.libsvm": "1 1:3 5:4 8:1\n-1 9:1 54686452:1\n" };
  const [batch] = await transformed(preparation, fewer);
  expect(rowsOf(batch!.rows as SparseRows)).toEqual(["0:7 3:1", "0:1 3:1"]);
});

test("an index that stands twice in a row is no matter of buckets", async () => {
  const options = { ...from, indexBuckets: 4 };
  const twice = { "wide.libsvm": "1 9:1 9:1\n-1 1:1\n" };
  expect((await refusal(prepared(twice, options, task))).message).toMatch(/index 9 stands .*twice/);
  const large = { "wide.libsvm": "1 1:3e38 5:3e38\n-1 1:1\n" };
  expect((await refusal(prepared(large, options, task))).code).toBe("not-finite");
});

test("buckets of indices are for LIBSVM: columns are told how words are hashed", async () => {
  const options = { source: "t.csv", target: "y", indexBuckets: 16 };
  const error = await refusal(prepared({ "t.csv": "a,y\n1,2\n2,3\n" }, options));
  expect(error.message).toMatch(/data\.indexBuckets: 16, but t\.csv is csv/);
  expect(error.hint).toMatch(/type: hash/);
});
