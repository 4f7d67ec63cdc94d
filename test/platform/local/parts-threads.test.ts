import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import type { Prepared } from "../../../src/data/manifests.ts";
import { DensePartWriter } from "../../../src/data/parts/dense-parts.ts";
import { openHome } from "../../../src/platform/local/home.ts";
import { threadsPool } from "../../../src/platform/local/parts-threads.ts";
import { problems } from "../../../src/problems/registry.ts";
import { largestEigenvalue } from "../../../src/run/curvature.ts";
import { relativeDualityGap } from "../../../src/run/duality-gap.ts";
import { evaluate } from "../../../src/run/evaluate.ts";
import { modelFigures } from "../../../src/run/model-figures.ts";
import { measuresOf } from "../../../src/run/model-measures.ts";
import { memoryStore } from "../../../src/storage/memory.ts";
import { eigenvalues } from "../../../src/testing/eigenvalues.ts";
import { newFolder } from "../../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;

beforeAll(async () => {
  folder = await newFolder();
});
afterAll(() => folder.remove());

const columns = 8;
const random = randomFrom(5);

/** Rows in many parts, as a home and a store in memory hold them; targets are 0 or 1. */
async function stored(rows: number, bytesMax: number) {
  const path = join(folder.path, `home-${rows}`);
  const home = await openHome(path);
  const memory = memoryStore();
  const parts = [];
  for (const store of [home.store, memory]) {
    const draws = random.fork("rows");
    const writer = new DensePartWriter(store, columns, bytesMax);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < columns; j++)
        writer.values[writer.used * columns + j] = draws.normal() * (j + 1) + 1;
      writer.targets[writer.used++] = draws.uniform() < 0.4 ? 1 : 0;
      if (writer.isFull()) await writer.flush();
    }
    parts.push(await writer.close());
  }
  expect(parts[0]).toEqual(parts[1]);
  const featureNames = Array.from({ length: columns }, (_, j) => `x${j}`);
  const preparation = { sparse: false, intercept: false, target: { classes: null }, featureNames };
  const prepared = {
    ...{ version: 1, digest: `d${rows}`, rows, testRows: 0, columns, train: parts[0]!, test: [] },
    ...{ targetMean: 0.4, targetVariance: 0.24, preparation },
  } as unknown as Prepared;
  return { path, home, memory, prepared };
}

const weights = Array.from({ length: 3 }, () =>
  Float32Array.from({ length: columns }, () => random.normal() / 9),
);

test.each([
  { type: "ridge", l2: 0.01 },
  { type: "logistic", l2: 0.01 },
])("threads evaluate to the same bits as one process: $type", async (chosen) => {
  const { path, home, memory, prepared } = await stored(3_000, 8_000);
  const problem = problems.create(chosen);
  const alone = await evaluate({ store: memory, prepared }, problem, weights);
  for (const threads of [2, 3]) {
    const pool = threadsPool(path, { threads, least: 0 });
    const of = { store: home.store, prepared, chosen, pool };
    expect(await evaluate(of, problem, weights)).toEqual(alone);
    const [at] = weights as [Float32Array<ArrayBuffer>];
    const model = { prepared, problem: chosen, weights: at };
    expect(await pool.measures(model, "all")).toEqual(
      await measuresOf(memory, prepared, problem, at, "all"),
    );
    expect(await pool.figures(model)).toEqual(await modelFigures(memory, prepared, problem, at));
    const gap = await relativeDualityGap(memory, prepared, problem, async () => at);
    expect(gap).toBeGreaterThan(0);
    expect(await pool.gap(model)).toBe(gap);
    await pool.close();
  }
  if (chosen.type === "logistic") expect(alone[0]!.train.auc).toBeGreaterThan(0.4);
  await home.close();
});

test("the curvature of many rows is the same by threads, not below the eigenvalue", async () => {
  const rows = 2 ** 17;
  const { path, home, memory, prepared } = await stored(rows, 300_000);
  let reads = 0;
  const counted = {
    ...memory,
    read: (key: string) => {
      if (key.startsWith("parts/")) reads++;
      return memory.read(key);
    },
  };
  const alone = await largestEigenvalue(counted, prepared);
  expect(reads).toBe(prepared.train.length);
  const pool = threadsPool(path, { threads: 3, least: 0 });
  expect(await largestEigenvalue(home.store, prepared, pool)).toBe(alone);
  const sums = (await pool.gram({ parts: prepared.train, columns }))!;
  const matrix = new Float64Array(columns * columns);
  for (const sum of sums)
    for (let i = 0; i < columns; i++)
      for (let j = i; j < columns; j++) {
        matrix[i * columns + j]! += sum[i * columns + j]! / rows;
        matrix[j * columns + i] = matrix[i * columns + j]!;
      }
  const exact = eigenvalues({ values: matrix, rows: columns, columns }).at(-1)!;
  expect(alone).toBeGreaterThanOrEqual(exact * (1 - 1e-12));
  expect(alone).toBeLessThan(exact * 1.03);
  await pool.close();
  await home.close();
});

test("a thread tells of a part that is gone, and goes on with the next job", async () => {
  const { path, home, memory, prepared } = await stored(2_000, 8_000);
  const pool = threadsPool(path, { threads: 2, least: 0 });
  const chosen = { type: "ridge", l2: 0.01 };
  const [at] = weights as [Float32Array<ArrayBuffer>];
  const [first, ...others] = prepared.train;
  const lost = { ...prepared, train: [{ ...first!, key: "parts/gone.safetensors" }, ...others] };
  const ask = (of: Prepared) =>
    pool.measures({ prepared: of, problem: chosen, weights: at }, "all");
  const asked = [ask(prepared), ask(lost), ask(lost), ask(prepared)];
  const told = await Promise.allSettled(asked);
  const whole = await measuresOf(memory, prepared, problems.create(chosen), at, "all");
  for (const i of [0, 3]) expect(told[i]).toEqual({ status: "fulfilled", value: whole });
  for (const i of [1, 2])
    expect(told[i]).toMatchObject({ status: "rejected", reason: { code: "bad-part" } });
  await pool.close();
  await home.close();
});
