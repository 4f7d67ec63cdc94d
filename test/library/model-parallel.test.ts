import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { type ModelParallelOptions, modelParallel, type RunError, train } from "../../src/index.ts";
import { scheduleFromCsv } from "../../src/model-parallel/schedule-csv.ts";
import tied from "../fixtures/networks/tied.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kofn-parallel-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const random = randomFrom("rows");
const rows = 22;
const x = {
  shape: [rows, 12],
  data: Float32Array.from({ length: rows * 12 }, () => random.normal()),
};
const y = Float32Array.from({ length: rows }, () => random.integer(3));

const open = (more: ModelParallelOptions = {}) =>
  modelParallel(tied, {
    ...{ stages: 3, microbatches: 4, batch: rows, backend: "wasm" },
    ...{ optimizer: { type: "adam", learningRate: 0.05, clip: 1 }, ...more },
  });

describe("a model in stages in a program", () => {
  it("says how it is cut and in which order stages work", async () => {
    const parallel = await open({ schedule: "interleaved" });
    const { rows: table, slowest, largest } = parallel.partition();
    expect(table.flatMap(({ layers }) => layers)).toHaveLength(6);
    expect(Math.max(slowest, largest)).toBeLessThan(3);
    const { csv, pipeline, workers } = parallel.schedule();
    expect(scheduleFromCsv(csv, pipeline).workers).toEqual(workers);
  });

  it("gives each microbatch's loss and outputs, which add up to the batch's", async () => {
    const parallel = await open({ microbatches: 4 });
    const { loss, outputs, gradientNorm } = await parallel.step(x, y);
    expect(gradientNorm).toBeGreaterThan(0);
    expect(outputs.examples).toEqual([6, 6, 5, 5]);
    expect(outputs.concat().shape).toEqual([rows, 3]);
    expect(loss.stack().shape).toEqual([4]);
    const whole = await (await open({ stages: 1, microbatches: 1 })).step(x, y);
    // Five and six rows count as five and six: a mean of means would be another number.
    const mean = whole.loss.reduceMean().data[0]!;
    expect(loss.reduceMean().data[0]).toBeCloseTo(mean, 6);
    expect(loss.reduceSum().data[0]! / 4).not.toBeCloseTo(mean, 6);
    expect(whole.gradientNorm).toBeCloseTo(gradientNorm, 5);
    for (const [i, value] of whole.outputs.concat().data.entries())
      expect(outputs.concat().data[i]).toBeCloseTo(value, 5);
    expect(() => outputs.stack()).toThrow(/shapes \[6,3\] and \[5,3\]/);
    expect(() => loss.concat()).toThrow(/no axis of examples/);
  });

  it("goes on from a file in other stages, to the bits of one that never stopped", async () => {
    const path = join(folder, "saved.safetensors");
    const never = await open({ stages: 1 });
    for (let step = 0; step < 4; step++) await never.step(x, y);
    const before = await open();
    for (let step = 0; step < 2; step++) await before.step(x, y);
    await before.save(path);
    const after = await open({ stages: 2 });
    await after.load(path);
    for (let step = 0; step < 2; step++) await after.step(x, y);
    expect(after.weights()).toEqual(never.weights());
    expect(Object.keys(after.weights())).toContain("tied/kernel");
    const other = await open({ optimizer: { type: "sgd", learningRate: 0.1 } });
    await expect(other.load(path)).rejects.toThrow(/its optimizer is adam, and not sgd/);
  });

  it("learns by fit", async () => {
    const parallel = await open({ batch: 8, microbatches: 2 });
    const { loss } = await parallel.fit(x, y, { epochs: 12 });
    expect(loss).toHaveLength(12);
    expect(loss.at(-1)).toBeLessThan(0.7 * loss[0]!);
  });

  it("comes to what functions come to", async () => {
    const trained = await train(
      {
        problem: { type: "network", model: tied, backend: "wasm" },
        data: { rows: { values: x.data, columns: 12 }, targets: y, test: 0, standardize: false },
        strategy: { type: "pipeline", stages: 3, batch: "all", microbatches: 4 },
        optimizer: { type: "adam", learningRate: 0.05, clip: 1 },
        stop: { rounds: 2, tolerance: 0 },
        seed: 1,
      },
      { backend: "simulated", home: join(folder, "home") },
    );
    const parallel = await open();
    let loss = 0;
    for (let step = 0; step < 2; step++)
      loss = (await parallel.step(x, y)).loss.reduceMean().data[0]!;
    const after = (await parallel.step(x, y)).loss.reduceMean().data[0]!;
    expect(after).toBeLessThan(loss);
    expect(trained.result.objective).toBeCloseTo(after, 5);
  });
});

it.each([
  [{ stages: 9 }, /9: the model has 6 layers/],
  [{ optimizer: { type: "l-bfgs" } }, /l-bfgs: not by stages/],
  [{ shedule: "1f1b" }, /shedule: unknown key/],
  [{ placement: { frist: 0 } }, /"frist"/],
] as const)("%j is refused", async (more, message) => {
  await expect(open(more as ModelParallelOptions)).rejects.toThrow(message as RegExp);
});

it("rows that do not fit are refused", async () => {
  const parallel = await open();
  await expect(parallel.step(x, y.slice(1))).rejects.toMatchObject({
    code: "bad-shape",
  } satisfies Partial<RunError>);
});
