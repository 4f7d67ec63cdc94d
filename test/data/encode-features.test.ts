import { describe, expect, test } from "vitest";
import { encodeFeatures } from "../../src/data/encode/encode-features.ts";
import type { Prepared } from "../../src/data/manifests.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { readFeatureBlock } from "../../src/data/shards/load-features.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { Store } from "../../src/ports/store.ts";
import { encodingExamples } from "../contracts/encoding-examples.ts";
import { memoryStore, prepared } from "./fixtures.ts";

const features = 70;
const rows = 9;
const csv = [
  [...Array(features).keys(), "y"].map((name) => `c${name}`).join(","),
  ...Array.from({ length: rows }, (_, i) =>
    [...Array.from({ length: features }, (_, j) => ((i * 31 + j * 17) % 23) - 11), i / 8].join(","),
  ),
].join("\n");
const libsvm = Array.from({ length: rows }, (_, i) => {
  const entries = Array.from({ length: features }, (_, j) => [j + 1, (i * 31 + j * 17) % 5]);
  const shown = entries.filter(([, value]) => value !== 0 || i === 0);
  return `${i} ${shown.map(([at, value]) => `${at}:${value}`).join(" ")}`;
}).join("\n");

/** Slot by slot, the rows of S_i [X' | I] as they are stored. */
async function blocks(
  of: Prepared,
  store: Store,
  type: object,
  workers: number,
  slabBytes?: number,
) {
  const chosen = encodings.resolve(type as { type: string }, "encoding");
  const request = { encoding: encodings.create(chosen), chosen, workers, seed: 3 };
  const encoded = await encodeFeatures(of, request, store, undefined, slabBytes);
  const slots: Float64Array[][] = [];
  for (let slot = 0; slot < workers; slot++) {
    const { slabs, targets } = await readFeatureBlock(store, encoded, slot);
    expect([...targets]).toEqual([...(await readExamples(store, of.train, of.columns)).targets]);
    slots.push(
      Array.from({ length: encoded.slots[slot]!.rows }, (_, row) =>
        Float64Array.from(
          slabs.flatMap((slab) => [
            ...(slab as { values: Float32Array }).values.subarray(
              row * slab.columns,
              (row + 1) * slab.columns,
            ),
          ]),
        ),
      ),
    );
  }
  return { encoded, slots };
}

const tight = encodingExamples.filter(({ encoding }) => encoding.tight);

describe.each(tight)("features encoded by $name", ({ name, encoding }) => {
  test("S'S = cI, every block is S_i [X' | I], and targets are whole", async () => {
    const { prepared: of, store } = await prepared(
      { "x.csv": csv },
      { source: "x.csv", target: "cy" },
    );
    const [type, options = "{}"] = name.split(/ (.*)/s) as [string, string?];
    const workers = encoding.refusal(8) === null ? 8 : 12;
    const chosen = { type, ...(JSON.parse(options) as object) };
    const { encoded, slots } = await blocks(of, store, chosen, workers);
    const x = await readExamples(store, of.train, of.columns);
    const p = of.columns;
    const all = slots.flat();
    const squares = (a: number, b: number) =>
      all.reduce((sum, row) => sum + row[rows + a]! * row[rows + b]!, 0);
    for (let a = 0; a < p; a += 23)
      for (let b = 0; b < p; b++)
        expect(Math.abs(squares(a, b) - (a === b ? encoded.scale : 0))).toBeLessThan(1e-5);
    const values = (x.rows as { values: Float32Array }).values;
    for (const row of all)
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (let j = 0; j < p; j++) sum += row[rows + j]! * values[i * p + j]!;
        expect(Math.abs(row[i]! - sum)).toBeLessThan(1e-5);
      }
  });
});

describe("feature blocks", () => {
  const hadamard = { type: "hadamard" };
  const ofCsv = () => prepared({ "x.csv": csv }, { source: "x.csv", target: "cy" });

  test("are the same whatever slabs they are made in", async () => {
    const { prepared: of, store } = await ofCsv();
    const one = await blocks(of, store, hadamard, 6);
    const two = await prepared({ "x.csv": csv }, { source: "x.csv", target: "cy" });
    const many = await blocks(two.prepared, two.store, hadamard, 6, 4 * 256 * 11);
    expect(one.encoded.slabs).toEqual([rows + of.columns]);
    expect(many.encoded.slabs.length).toBeGreaterThan(3);
    expect(many.slots).toEqual(one.slots);
  });

  test("are made once, and again when a part is gone", async () => {
    const { prepared: of, store } = await ofCsv();
    const { encoded } = await blocks(of, store, hadamard, 4);
    let written = 0;
    const counting: Store = {
      ...store,
      writeOnce(key, bytes) {
        written++;
        return store.writeOnce(key, bytes);
      },
    };
    await blocks(of, counting, hadamard, 4);
    expect(written).toBe(0);
    await store.remove(encoded.slots[2]!.parts[0]!.key);
    await blocks(of, counting, hadamard, 4);
    expect(written).toBeGreaterThan(0);
  });

  test("of sparse rows are those of the same rows dense", async () => {
    const { prepared: of, store } = await prepared({ "x.libsvm": libsvm }, { source: "x.libsvm" });
    expect(of.preparation.sparse).toBe(true);
    const { slots } = await blocks(of, store, { type: "uncoded" }, 4);
    const sparse = await readExamples(store, of.train, of.columns);
    for (const row of slots.flat()) {
      const feature = row.subarray(rows).indexOf(1);
      for (let i = 0; i < rows; i++) expect(row[i]).toBe(entry(sparse.rows, i, feature));
    }
  });

  test("too large for a worker are refused, with a number of workers that will do", async () => {
    const { prepared: of } = await ofCsv();
    const huge = { ...of, rows: 4_000_000_000 / of.columns };
    const chosen = encodings.resolve(hadamard, "encoding");
    const request = { encoding: encodings.create(chosen), chosen, workers: 4, seed: 3 };
    await expect(encodeFeatures(huge, request, memoryStore())).rejects.toMatchObject({
      code: "blocks-too-large",
      message: expect.stringMatching(/^workers: 4: a worker would keep a block of \d+ MiB/),
      hint: expect.stringMatching(/raise workers to \d+/),
    });
  });
});

function entry(rows: unknown, i: number, j: number): number {
  const { offsets, indices, values } = rows as Record<string, Uint32Array | Float32Array>;
  for (let at = offsets![i]!; at < offsets![i + 1]!; at++)
    if (indices![at] === j) return values![at]!;
  return 0;
}
