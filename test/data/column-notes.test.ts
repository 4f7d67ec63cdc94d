import { describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { parseOptions } from "../../src/core/registry.ts";
import { type DataInput, dataSchema } from "../../src/data/options.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { memoryStore, opener } from "./fixtures.ts";
import { writers } from "./written-as.ts";

const random = randomFrom(1);
const names = "customer_id,rising,n,country,zone,name,noise,twice,y".split(",");
const rows = Array.from({ length: 300 }, (_, i) => {
  const noise = random.uniform();
  return [
    ...[5_000 + ((i * 7_919) % 100_003), 10 + i * 3 + (i % 2), i, "US", i % 2 === 0 ? "a" : "b"],
    ...[`name ${i}`, noise, 2 * noise + 1, i % 2],
  ];
});
const files = {
  "t.csv": writers.csv!({ names, rows })!,
  "t.parquet": writers.parquet!({ names, rows })!,
};
const options = { source: "t.csv", target: "y", categoriesMax: 1_000 } as const;

async function notesOn(
  more: DataInput,
  { target = "y", isPrivate = false, store = memoryStore() } = {},
): Promise<string[]> {
  const notes: string[] = [];
  const data = parseOptions(dataSchema, { ...options, ...more, target } as DataInput, "data");
  const task = target === "y" ? ("classification" as const) : ("regression" as const);
  const ports = { open: opener(files), store, onNote: (note: string) => notes.push(note) };
  await prepareDataSet({ data, task, seed: 7, isPrivate }, ports);
  return notes;
}

const expected = [
  /column "customer_id" is a key by its name, with another whole number in each row/,
  /column "rising" rises by a whole number with each row, as keys do/,
  /column "n" counts the rows/,
  /column "country" has one value in every row/,
  /column "zone" alone tells "y": each of its values stands beside one class alone/,
  /column "name" holds another word in each row/,
];

describe("a spec that is written by hand", () => {
  it("is told of keys, constant and leaking columns, whatever the format", async () => {
    for (const source of ["t.csv", "t.parquet"]) {
      const notes = await notesOn({ source });
      expect(notes).toHaveLength(expected.length);
      for (const one of expected) expect(notes.filter((note) => one.test(note))).toHaveLength(1);
      for (const note of notes) expect(note).toMatch(/^t\.(csv|parquet): .*leave it out by data/);
    }
  });

  it("is told of the target in other units", async () => {
    const notes = await notesOn({ drop: ["name"] }, { target: "noise" });
    expect(notes.join()).toMatch(
      /column "twice" alone tells "noise": its correlation with the target is 1\.00000/,
    );
  });

  it("is taken at its word where it names a column, and learns nothing in private", async () => {
    const named = Object.fromEntries(names.slice(0, -1).map((name) => [name, "drop" as const]));
    const columns = { ...named, n: "number", zone: "category", noise: "number" } as const;
    expect(await notesOn({ columns })).toEqual([]);
    const stated = { ...named, n: "number", customer_id: "number", zone: "hash" } as const;
    const open = { columns: stated, standardize: false, classes: [0, 1] };
    expect(await notesOn(open, { isPrivate: true })).toEqual([]);
    const { n: _, customer_id: __, ...others } = stated;
    expect(await notesOn({ ...open, columns: others }, { isPrivate: true })).toEqual([]);
    expect(await notesOn({ ...open, columns: others })).toHaveLength(2);
  });

  it("is told again where the rows were prepared before", async () => {
    const store = memoryStore();
    const first = await notesOn({ drop: ["name"] }, { store });
    expect(first.length).toBeGreaterThan(3);
    expect((await notesOn({ drop: ["name"] }, { store })).sort()).toEqual(first.sort());
  });
});
