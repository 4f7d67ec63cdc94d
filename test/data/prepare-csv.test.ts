import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Examples } from "../../src/math/rows.ts";
import { prepared, realData } from "./fixtures.ts";

/** Rows as sorted text, to compare sets of rows. */
function rowTexts({ rows, targets }: Examples): string[] {
  const { columns, values } = rows;
  return [...targets]
    .map((target, i) => `${values.subarray(i * columns, (i + 1) * columns)}|${target}`)
    .sort();
}

describe("a CSV file prepared", () => {
  it("becomes standardised numbers, one-hot levels and an intercept", async () => {
    const text = 'a,"the, kind",y\n1,red,10\n2,"blue",20\n3,red,30\n';
    const done = await prepared({ "t.csv": text }, { source: "t.csv", target: "y" });
    const { preparation, train, columns } = done.prepared;
    expect(preparation.featureNames).toEqual(["a", "the, kind=blue", "the, kind=red", "intercept"]);
    const examples = await readExamples(done.store, train, columns);
    const high = Math.fround(1 / Math.sqrt(2 / 3));
    const rows = [`${-high},0,1,1|10`, "0,1,0,1|20", `${high},0,1,1|30`];
    expect(rowTexts(examples)).toEqual(rows.sort());
    expect(done.prepared.targetMean).toBeCloseTo(20, 12);
    expect(done.prepared.targetVariance).toBeCloseTo(200 / 3, 12);
  });

  it("splits exactly, and standardises by the training rows alone", async () => {
    const random = randomFrom(1);
    const raw = Array.from({ length: 501 }, () => [random.normal() * 5 + 1e6, random.normal()]);
    const text = `x,y\n${raw.map((row) => row.join(",")).join("\n")}\n`;
    const done = await prepared({ "t.csv": text }, { source: "t.csv", target: "y", test: 0.25 });
    expect([done.prepared.rows, done.prepared.testRows]).toEqual([376, 125]);
    const train = await readExamples(done.store, done.prepared.train, 2);
    const byTarget = new Map(raw.map(([x, y]) => [Math.fround(y!), x!]));
    const chosen = [...train.targets].map((target) => byTarget.get(target)!);
    const mean = chosen.reduce((total, x) => total + x, 0) / chosen.length;
    const variance = chosen.reduce((total, x) => total + (x - mean) ** 2, 0) / chosen.length;
    chosen.forEach((x, i) => {
      expect(train.rows.values[2 * i]).toBeCloseTo((x - mean) / Math.sqrt(variance), 5);
    });
    const test = await readExamples(done.store, done.prepared.test, 2);
    expect(new Set([...train.targets, ...test.targets]).size).toBe(501);
  });

  it.skipIf(realData === null)("reads real data in two classes", async () => {
    const done = await prepared(
      {},
      { source: `${realData}/breast_cancer.csv`, target: -1, test: 0.2 },
      { task: "classification" },
    );
    expect(done.prepared.preparation.target.classes).toEqual(["0", "1"]);
    expect([done.prepared.rows, done.prepared.testRows, done.prepared.columns]).toEqual([
      455, 114, 31,
    ]);
  });
});

describe("encoding prepared rows", () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `${i},${(i * 7919) % 1000},${i % 17}`);
  const files = { "t.csv": `a,b,y\n${lines.join("\n")}\n` };
  const options = { source: "t.csv", target: "y" };

  it("puts every stored copy into exactly one slot", async () => {
    const { prepared: data, store } = await prepared(files, options);
    const chosen = encodings.resolve({ type: "replication", redundancy: 2 } as never, "encoding");
    const encoding = encodings.create(chosen);
    const encoded = await encodeData(data, { encoding, chosen, workers: 4, seed: 1 }, store);
    const parts = encoded.slots.flatMap((slot) => slot.parts);
    const stored = rowTexts(await readExamples(store, parts, data.columns));
    const whole = rowTexts(await readExamples(store, data.train, data.columns));
    expect(stored).toEqual([...whole, ...whole].sort());
    expect(encoded.slots.map((slot) => slot.rows)).toEqual([500, 500, 500, 500]);
  });

  it("mixes targets with the same matrix as features", async () => {
    const { prepared: data, store } = await prepared(files, options);
    const chosen = encodings.resolve({ type: "hadamard", redundancy: 2 } as never, "encoding");
    const encoding = encodings.create(chosen);
    const encoded = await encodeData(data, { encoding, chosen, workers: 4, seed: 1 }, store);
    const parts = encoded.slots.flatMap((slot) => slot.parts);
    const mixed = await readExamples(store, parts, data.columns);
    const plain = await readExamples(store, data.train, data.columns);
    const moment = ({ rows, targets }: Examples) =>
      [...targets].reduce((total, y, i) => total + y * rows.values[i * rows.columns]!, 0);
    expect(moment(mixed) / encoded.scale / moment(plain)).toBeCloseTo(1, 4);
  });

  it("has the same digests from the same seed, and others from another", async () => {
    const first = await prepared(files, options);
    const again = await prepared(files, options);
    const other = await prepared(files, options, { seed: 8 });
    expect(again.prepared).toEqual(first.prepared);
    expect(other.prepared.digest).not.toBe(first.prepared.digest);
    expect(other.prepared.train[0]!.sha256).not.toBe(first.prepared.train[0]!.sha256);
  });
});
