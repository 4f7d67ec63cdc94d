import { describe, expect, it } from "vitest";
import { encodeData } from "../../src/data/encode/encode.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Examples, SparseRows } from "../../src/math/rows.ts";
import { prepared, realData, refusal } from "./fixtures.ts";

function rowTexts({ rows, targets }: Examples): string[] {
  const { values, indices, offsets } = rows as SparseRows;
  return [...targets]
    .map((target, i) => {
      const [from, to] = [offsets[i]!, offsets[i + 1]!];
      const pairs = [...indices.subarray(from, to)].map((j, k) => `${j}:${values[from + k]}`);
      return `${target} ${pairs.join(" ")}`;
    })
    .sort();
}

const files = { "t.libsvm": "# a comment\n+1 1:0.5 3:2e0 # more\n-1 2:-1\r\n\n1\n" };

describe("a LIBSVM file", () => {
  it("stays sparse, with the intercept as last entry and labels as classes", async () => {
    const done = await prepared(files, { source: "t.libsvm" }, { task: "classification" });
    expect(done.prepared.preparation.target.classes).toEqual(["-1", "1"]);
    expect(done.prepared.preparation.featureNames).toEqual(["1", "2", "3", "intercept"]);
    const examples = await readExamples(done.store, done.prepared.train, 4);
    expect(examples.rows.kind).toBe("sparse");
    expect(rowTexts(examples)).toEqual(["0 1:-1 3:1", "1 0:0.5 2:2 3:1", "1 3:1"]);
  });

  it("is copied to slots, and not mixed", async () => {
    const { prepared: data, store } = await prepared(files, { source: "t.libsvm" });
    const chosen = encodings.resolve({ type: "replication", redundancy: 2 } as never, "encoding");
    const encoding = encodings.create(chosen);
    const encoded = await encodeData(data, { encoding, chosen, workers: 2, seed: 1 }, store);
    const parts = encoded.slots.flatMap((slot) => slot.parts);
    const stored = rowTexts(await readExamples(store, parts, data.columns));
    const whole = rowTexts(await readExamples(store, data.train, data.columns));
    expect(stored).toEqual([...whole, ...whole].sort());
    const mixing = { type: "hadamard", encode: "ahead" };
    const request = { encoding: encodings.create(mixing), chosen: mixing, workers: 2, seed: 1 };
    expect((await refusal(encodeData(data, request, store))).code).toBe("sparse-mixing");
  });

  it("costs memory by its entries, however wide it is", async () => {
    const lines = Array.from({ length: 2000 }, (_, i) => `${i % 2} ${1 + i * 200}:1`);
    const wide = { "t.libsvm": lines.join("\n") };
    const { prepared: data, store } = await prepared(wide, { source: "t.libsvm", test: 0.5 });
    expect(data.columns).toBe(1999 * 200 + 2);
    expect(data.train.reduce((total, part) => total + part.bytes, 0)).toBeLessThan(40_000);
    const { rows } = await readExamples(store, data.train, data.columns);
    expect(rows.values.length).toBe(2000);
  });

  it.skipIf(realData === null)("may come with a test file", async () => {
    const source = `${realData}/agaricus.train.libsvm`;
    const test = `${realData}/agaricus.test.libsvm`;
    const done = await prepared({}, { source, test }, { task: "classification" });
    const { rows, testRows, columns } = done.prepared;
    expect([rows, testRows, columns]).toEqual([6513, 1611, 127]);
  });
});
