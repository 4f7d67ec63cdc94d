import { describe, expect, it } from "vitest";
import { parseOptions } from "../../src/core/registry.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import { dataSchema } from "../../src/data/options.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Examples, SparseRows } from "../../src/math/rows.ts";
import { memoryStore, opener, prepared, realData, refusal } from "./fixtures.ts";

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
    const done = await prepared(
      files,
      { source: "t.libsvm", standardize: false },
      { task: "classification" },
    );
    expect(done.prepared.preparation.target.classes).toEqual(["-1", "1"]);
    expect(done.prepared.preparation.featureNames).toEqual(["1", "2", "3", "intercept"]);
    const examples = await readExamples(done.store, done.prepared.train, 4);
    expect(examples.rows.kind).toBe("sparse");
    expect(rowTexts(examples)).toEqual(["0 1:-1 3:1", "1 0:0.5 2:2 3:1", "1 3:1"]);
  });

  it("counts from 0 where an index is 0, in a test file too, and keeps that", async () => {
    const zero = "1 0:7 2:1\n-1 1:2 # 0:1\n";
    const one = "1 1:3\n-1 2:4\n";
    const names = async (files: Record<string, string>, options: object = {}) => {
      const made = await prepared(files, {
        source: "a.libsvm",
        standardize: false,
        intercept: false,
        ...options,
      });
      const { preparation, columns } = made.prepared;
      const rows = rowTexts(await readExamples(made.store, made.prepared.train, columns));
      return [preparation.featureNames.join(), preparation.zeroBased ?? false, rows];
    };
    expect(await names({ "a.libsvm": zero })).toEqual(["0,1,2", true, ["-1 1:2", "1 0:7 2:1"]]);
    expect(await names({ "a.libsvm": one })).toEqual(["1,2", false, ["-1 1:4", "1 0:3"]]);
    const both = { "a.libsvm": one, "b.libsvm": zero };
    expect(await names(both, { test: "b.libsvm" })).toEqual(["0,1,2", true, ["-1 2:4", "1 1:3"]]);
    const stated = await names({ "a.libsvm": one }, { zeroBased: true });
    expect(stated).toEqual(["0,1,2", true, ["-1 2:4", "1 1:3"]]);
    const commented = await names({ "a.libsvm": "1 1:3 # 0:1\n2 2:1\n" });
    expect(commented[1]).toBe(false);
  });

  it("passes queries over and sorts what does not ascend, and says so", async () => {
    const files = { "a.libsvm": "1 qid:3 3:1 1:2 2:5\n0 qid:4 2:1\n" };
    const notes: string[] = [];
    const data = parseOptions(
      dataSchema,
      { source: "a.libsvm", standardize: false, intercept: false },
      "data",
    );
    const ports = {
      open: opener(files),
      store: memoryStore(),
      onNote: (text: string) => notes.push(text),
    };
    const made = await prepareDataSet({ data, task: "regression", seed: 1 }, ports);
    const rows = rowTexts(await readExamples(ports.store, made.train, made.columns));
    expect(rows).toEqual(["0 1:1", "1 0:2 1:5 2:1"]);
    expect(notes.sort()).toEqual([
      "a.libsvm: qid, the query of a row, is passed over",
      "a.libsvm: rows whose indices do not ascend are sorted",
    ]);
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
