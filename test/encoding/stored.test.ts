import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Chosen } from "../../src/core/registry.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import type { Prepared, StoredPart } from "../../src/data/manifests.ts";
import { DensePartWriter } from "../../src/data/parts/dense-parts.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import { readWorkerEncodedShard } from "../../src/data/shards/worker-encoded.ts";
import type { Encoding } from "../../src/encoding/encoding.ts";
import { encodings } from "../../src/encoding/registry.ts";
import type { DenseRows, Examples, SparseRows } from "../../src/math/rows.ts";
import { dot } from "../../src/math/vector.ts";
import type { Store } from "../../src/ports/store.ts";
import { problems } from "../../src/problems/registry.ts";
import { memoryStore, prepared, refusal } from "../data/fixtures.ts";

/*
 * One S X, formed in three ways: by the encoder before the run, chunk by chunk; by each worker of
 * the data rows; and, of sparse rows, by nobody, products going through S. The same seed gives the
 * same S.
 */

const members = encodings.members.flatMap((member) =>
  member.examples.map((example) => ({ type: member.name, ...example })),
);
const mixing = members.filter((chosen) => encodings.create(chosen).mixes);
const copying = members.filter((chosen) => !encodings.create(chosen).mixes);
const workers = 4;
/** One row, neither power of two nor even, several chunks. */
const rowCounts = [1, 37, 301];
/** Even, so with intercept odd, and with the target even again; and the other way around. */
const featureCounts = [4, 7];

describe.each(members)("dense rows stored by %o", (chosen) => {
  test("workers form what the encoder stores, bit for bit, and store nothing", async () => {
    for (const rows of rowCounts)
      for (const features of featureCounts) {
        const { prepared: data, store } = await generated(rows, features);
        const ahead = await stored(data, store, { ...chosen, encode: "ahead" });
        const before = await store.list("");
        const byWorkers = await stored(data, store, { ...chosen, encode: "workers" });
        const added = (await store.list("")).filter((key) => !before.includes(key));
        expect(added).toEqual([`encoded/${byWorkers.encoded.digest}.json`]);
        for (let slot = 0; slot < workers; slot++) {
          expect(byWorkers.encoded.slots[slot]!.rows).toBe(ahead.encoded.slots[slot]!.rows);
          expect(await byWorkers.shard(slot)).toEqual(await ahead.shard(slot));
        }
      }
  });
});

describe("rows in many parts", () => {
  test.each([{ type: "steiner" }, { type: "haar" }, { type: "replication" }])(
    "%o: a worker reads the parts that it needs, and only those",
    async (chosen) => {
      const { prepared: whole, store } = await generated(150, 5);
      const data = { ...whole, train: await inParts(whole, store, 10) };
      const ahead = await stored(data, store, { ...chosen, encode: "ahead" });
      const { encoded, shard, reads } = await stored(data, store, { ...chosen, encode: "workers" });
      for (let slot = 0; slot < workers; slot++) {
        reads.clear();
        expect(await shard(slot)).toEqual(await ahead.shard(slot));
        const needed = encoded.slots[slot]!.raw!.parts.map((number) => data.train[number]!.key);
        expect([...reads].sort()).toEqual([...new Set(needed)].sort());
      }
    },
  );

  test("a second time costs nothing: the manifest is there", async () => {
    const { prepared: data, store } = await generated(150, 5);
    const chosen = { type: "hadamard", encode: "workers" };
    const first = await stored(data, store, chosen);
    let asked = 0;
    const encoding = encodings.create(chosen);
    const counting: Encoding = {
      ...encoding,
      chunk(...about) {
        asked++;
        return encoding.chunk(...about);
      },
    };
    const request = { encoding: counting, chosen, workers, seed: 3 };
    expect(await encodeData(data, request, store)).toEqual(first.encoded);
    expect(asked).toBe(0);
  });
});

describe.each(mixing)("sparse rows mixed by %o", (chosen) => {
  test("stay as they are, and sums over S X are those of S X formed, to 1e-12", async () => {
    for (const rows of rowCounts) {
      const { prepared: data, store } = await sparse(rows);
      const { encoded, shard } = await stored(data, store, chosen);
      const all = await readExamples(store, data.train, data.columns);
      for (let slot = 0; slot < workers; slot++) {
        const examples = await shard(slot);
        expect(examples.rows.kind).toBe("sparse");
        expect(examples.rows.rows).toBe(encoded.slots[slot]!.raw!.rows);
        expect(examples.rows.values.length).toBeLessThanOrEqual(all.rows.values.length);
        expect(examples.targets).toHaveLength(encoded.slots[slot]!.rows);
        const formed = formedSums(chosen, all, slot);
        const given = sums(examples, data.columns);
        for (const [j, value] of formed.entries())
          expect(Math.abs(given[j]! - value)).toBeLessThan(1e-12 * (1 + largest(formed)));
      }
    }
  });
});

describe.each(copying)("sparse rows copied by %o", (chosen) => {
  test("workers copy what the encoder stores, bit for bit", async () => {
    for (const rows of rowCounts) {
      const { prepared: data, store } = await sparse(rows);
      const ahead = await stored(data, store, chosen);
      const byWorkers = await stored(data, store, { ...chosen, encode: "workers" });
      for (let slot = 0; slot < workers; slot++)
        if (ahead.encoded.slots[slot]!.rows > 0)
          expect(await byWorkers.shard(slot)).toEqual(await ahead.shard(slot));
    }
  });
});

test("stored mixtures of sparse rows would be dense, so they are refused", async () => {
  const { prepared: data, store } = await sparse(30);
  const { code, message } = await refusal(
    stored(data, store, { type: "hadamard", encode: "ahead" }),
  );
  expect(code).toBe("sparse-mixing");
  expect(message).toBe(
    "encoding hadamard: it mixes rows, and stored mixtures of sparse rows are dense",
  );
});

/** Encodes, and reads shards as a worker does. */
async function stored(data: Prepared, store: Store, chosen: Chosen) {
  const encoding = encodings.create(chosen);
  const encoded = await encodeData(data, { encoding, chosen, workers, seed: 3 }, store);
  const reads = new Set<string>();
  const watched: Store = {
    ...store,
    read(key) {
      reads.add(key);
      return store.read(key);
    },
  };
  const shard = (slot: number) =>
    readWorkerEncodedShard(watched, encoded, slot, (given) => encodings.create(given));
  return { encoded, shard, reads };
}

function generated(rows: number, features: number) {
  const generate = { type: "regression", rows, features };
  return prepared({}, { generate }, { store: memoryStore() });
}

/** Rows of 20 features, few of them present, with a number to predict. */
function sparse(rows: number) {
  const random = randomFrom(`sparse/${rows}`);
  const lines = Array.from({ length: rows }, () => {
    const entries = Array.from({ length: 20 }, (_, i) => i + 1)
      .filter(() => random.uniform() < 0.15)
      .map((index) => `${index}:${random.normal().toFixed(4)}`);
    return [random.normal().toFixed(4), ...entries, "20:1"]
      .join(" ")
      .replace(/ 20:\S+ 20:1$/, " 20:1");
  });
  return prepared({ "rows.libsvm": lines.join("\n") }, { source: "rows.libsvm" });
}

/** Dense training rows again, so many a part. */
async function inParts(data: Prepared, store: Store, rows: number): Promise<readonly StoredPart[]> {
  const { rows: all, targets } = await readExamples(store, data.train, data.columns);
  const writer = new DensePartWriter(store, data.columns, rows * 4 * (data.columns + 1));
  for (const [row, target] of targets.entries()) {
    const from = row * data.columns;
    const values = (all as DenseRows).values.subarray(from, from + data.columns);
    writer.values.set(values, writer.used * data.columns);
    writer.targets[writer.used++] = target;
    if (writer.isFull()) await writer.flush();
  }
  return writer.close();
}

/** Loss, gradient and what a line search asks for, of least squares. */
function sums(examples: Examples, columns: number): Float64Array {
  const ridge = problems.create({ type: "ridge" });
  const gradient = new Float64Array(columns);
  const { weights, direction } = points(columns);
  const loss = ridge.lossAndGradient(examples, weights, gradient);
  return Float64Array.of(
    loss,
    ...gradient,
    ...ridge.lineSearchTerms(examples, weights, direction, Float64Array.of(1)),
  );
}

function points(columns: number) {
  const random = randomFrom("points");
  const draw = () => Float32Array.from({ length: columns }, () => random.normal());
  return { weights: draw(), direction: draw() };
}

/** The same over the slot's rows of S X, formed in double precision. */
function formedSums(chosen: { readonly type: string }, all: Examples, slot: number): Float64Array {
  const encoding = encodings.create(chosen);
  const { columns } = all.rows;
  const x = denseOf(all.rows as SparseRows);
  const { weights, direction } = points(columns);
  const total = new Float64Array(columns + 2);
  const size = encoding.chunkRows(workers);
  for (let from = 0, index = 0; from < all.rows.rows; from += size, index++) {
    const rows = Math.min(size, all.rows.rows - from);
    const random = randomFrom(3).fork("encode").fork(`chunk/${index}`);
    const code = encoding.chunk(index, rows, workers, random);
    if (code.kind === "copies") throw new Error("expected mixtures");
    const stored = new Float64Array(code.slots.length * columns);
    code.encode(x.subarray(from * columns, (from + rows) * columns), columns, stored);
    // Targets are stored in single precision, whoever mixes.
    const targets = new Float32Array(code.slots.length);
    code.encode(all.targets.subarray(from, from + rows), 1, targets);
    for (const [j, place] of code.slots.entries()) {
      if (place !== slot) continue;
      const row = stored.subarray(j * columns, (j + 1) * columns);
      const residual = dot(row, weights) - targets[j]!;
      total[0]! += residual ** 2 / 2;
      for (const [c, value] of row.entries()) total[c + 1]! += value * residual;
      total[columns + 1]! += dot(row, direction) ** 2;
    }
  }
  return total;
}

function denseOf({ rows, columns, values, indices, offsets }: SparseRows): Float32Array {
  const dense = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++)
      dense[row * columns + indices[at]!] = values[at]!;
  return dense;
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
