import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { StoredPart } from "../../src/data/manifests.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { RecordCoins } from "../../src/data/parts/record-coins.ts";
import type { Examples } from "../../src/math/rows.ts";
import type { Store } from "../../src/ports/store.ts";
import { ingest } from "../../src/run/ingest.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { opener } from "../data/fixtures.ts";
import { runUnder, staged } from "../roles/under-roles.ts";

/*
 * Under add-remove membership of the test set and of a slot is a function of the record: one more
 * or less changes one set by one row, whatever the others are, duplicates of it included.
 */
const workers = 5;
const random = randomFrom("membership");
const numbers = () => [random.normal().toFixed(3), random.normal().toFixed(3)];
const own = Array.from({ length: 30 }, (_, i) => [...numbers(), String(i % 2)]);
/** Ten copies of one record, in places of their own among the others. */
const records = own.flatMap((record, i) =>
  i % 3 === 0 ? [record, ["1.5", "-2.5", "1"]] : [record],
);

const base = {
  problem: "logistic",
  workers,
  wait: { fastest: 4 },
  strategy: { type: "dp-sgd", noise: "workers" },
  privacy: {
    epsilon: 3,
    delta: 1e-5,
    unit: "record",
    adjacency: "add-remove",
    clip: 1,
    divisor: 40,
  },
  stop: { rounds: 3 },
};

const formats: Record<string, (rows: readonly string[][]) => [string, string, object]> = {
  dense: (rows) => [
    "rows.csv",
    ["a,b,y", ...rows.map((row) => row.join(","))].join("\n"),
    { target: "y" },
  ],
  sparse: (rows) => [
    "rows.svm",
    rows.map(([a, b, y]) => `${y} 1:${a} 4:${b}`).join("\n"),
    { features: 4 },
  ],
};

/** Rows of a set, each as a text, in an order of their own. */
async function rowsOf(
  store: Store,
  parts: readonly StoredPart[],
  columns: number,
): Promise<string[]> {
  if (parts.length === 0) return [];
  return textsOf(await readExamples(store, parts, columns)).sort();
}

function textsOf({ rows, targets }: Examples): string[] {
  return Array.from(targets, (target, row) => {
    const [from, to] =
      rows.kind === "dense"
        ? [row * rows.columns, (row + 1) * rows.columns]
        : [rows.offsets[row]!, rows.offsets[row + 1]!];
    return [...rows.values.subarray(from, to), target].join();
  });
}

/** The test set, and each slot's rows. */
async function setsOf(format: string, rows: readonly string[][]): Promise<string[][]> {
  const [name, text, more] = formats[format]!(rows);
  const data = { source: name, classes: ["0", "1"], standardize: false, test: 0.3, ...more };
  const spec = resolveSpec({ ...base, data });
  const store = memoryStore();
  const { prepared, encoded } = await ingest(spec, { open: opener({ [name]: text }), store });
  const { columns, test: tested } = prepared;
  const sets = [tested, ...encoded.slots.map(({ parts }) => parts)];
  return Promise.all(sets.map((parts) => rowsOf(store, parts, columns)));
}

describe.each(["dense", "sparse"])("%s rows", (format) => {
  test("one record less takes one row from one set, and adds none anywhere", async () => {
    const here = await setsOf(format, records);
    expect(here.flat()).toHaveLength(records.length);
    // A fair share is tested, and every slot has rows: coins are fair enough for that.
    expect(here[0]!.length).toBeGreaterThan(4);
    expect(here[0]!.length).toBeLessThan(22);
    for (const set of here) expect(set.length).toBeGreaterThan(0);
    const copies = here.flat().filter((row) => row.startsWith("1.5,-2.5"));
    const withCopies = here.filter((set) => set.some((row) => row.startsWith("1.5,-2.5")));
    // Records that are alike are dealt each by a coin of its own.
    expect([copies.length, withCopies.length > 2]).toEqual([10, true]);
    for (let record = 0; record < records.length; record++) {
      const there = await setsOf(format, records.toSpliced(record, 1));
      const changes = here.map((set, i) => [...differences(set, there[i]!)]);
      expect(changes.flat()).toHaveLength(1);
      expect(there.flat()).toHaveLength(records.length - 1);
    }
  });

  test("nor does the order of the rows matter", async () => {
    expect(await setsOf(format, records.toReversed())).toEqual(await setsOf(format, records));
  });
});

/** Rows that are more often in one list than in the other, once for each time. */
function* differences(a: readonly string[], b: readonly string[]): Generator<string> {
  const counts = new Map<string, number>();
  for (const row of a) counts.set(row, (counts.get(row) ?? 0) + 1);
  for (const row of b) counts.set(row, (counts.get(row) ?? 0) - 1);
  for (const [row, count] of counts) for (let i = 0; i < Math.abs(count); i++) yield row;
}

test("coins are fair, and one purpose's tell nothing of another's", () => {
  const coins = ["split", "slots"].map((use) => new RecordCoins(1, use));
  const count = 4_000;
  const drawn = Array.from({ length: count }, (_, i) =>
    coins.map((one) => one.coin(Float32Array.of(i % 50, 1))),
  );
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / count;
  const [split, slots] = [0, 1].map((use) => drawn.map((both) => both[use]! - 0.5));
  for (const one of [split!, slots!]) {
    expect(Math.abs(mean(one))).toBeLessThan(4 / Math.sqrt(12 * count));
    expect(Math.abs(mean(one.map((value) => value ** 2)) - 1 / 12)).toBeLessThan(0.005);
  }
  const products = split!.map((value, i) => value * slots![i]!);
  expect(Math.abs(mean(products))).toBeLessThan(4 / 12 / Math.sqrt(count));
});

test("slots without any record reply as others do: under noise at the workers", async () => {
  const generate = { type: "classification", rows: 6, features: 3 };
  const data = { generate, classes: [0, 1], standardize: false };
  const start = await staged({ ...base, data, workers: 8, wait: "all" });
  const { stop, objects } = await runUnder(start, null);
  expect(stop).toBe("done");
  const sums = Object.keys(objects).filter((key) => /round\/0\/sum-\d$/.test(key));
  expect(sums).toHaveLength(8);
});
