import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import type { Examples } from "../../../src/math/rows.ts";
import { summationSensitivity } from "../../../src/privacy/calibrate-sums.ts";
import { clippedGradientParts } from "../../../src/problems/clipped-gradients.ts";
import { problems } from "../../../src/problems/registry.ts";
import { rawSumKey } from "../../../src/store-layout.ts";
import { dpSgd } from "../../../src/strategies/dp-sgd/strategy.ts";
import type { ClippedGradientSumTask } from "../../../src/tasks/clipped-gradient-sum.ts";
import { columns, type Scene, sceneOf } from "./scene.ts";

/** Records that pull a gradient as hard as a clip lets them, either way, or not at all. */
function adversarial(rows: number, of: "same" | "opposite", label: string): Examples {
  const random = randomFrom(label);
  const values = Float32Array.from({ length: rows * columns }, () => random.normal());
  if (of === "opposite") for (let j = 0; j < columns; j++) values[j] = j === 0 ? -1e6 : 0;
  else for (let j = 0; j < columns; j++) values[j] = j === 0 ? 1e6 : 0;
  const targets = Float32Array.from({ length: rows }, (_, row) => (row === 0 ? 1 : row % 3));
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

/** The slot's sum without noise, as the operation makes it: the batch is by the slot's secret. */
async function sumOf(scene: Scene, examples: Examples): Promise<Float64Array> {
  const strategy = dpSgd(scene.plan);
  const [task] = strategy.wanted(strategy.start()) as ClippedGradientSumTask[];
  (scene.shards as Examples[])[0] = examples;
  await scene.perform(task!);
  const bytes = (await scene.store.read(rawSumKey(scene.run, 0, 0)))!;
  return new Float64Array(new Uint8Array(bytes).buffer, 0, scene.plan.weightsLength);
}

const rows = 24;

describe("brute force: two worlds with one secret, one record apart", () => {
  const moved = async (rate: number, change: "swap" | "remove", divided = false) => {
    let largest = 0;
    for (let trial = 0; trial < 12; trial++) {
      const scene = sceneOf({ rate });
      const here = adversarial(rows, "same", `world ${trial}`);
      const there =
        change === "swap" ? adversarial(rows, "opposite", `world ${trial}`) : less(here);
      const [a, b] = [await sumOf(scene, here), await sumOf(scene, there)];
      // What a divisor that is the number of records present would make of them.
      const counts = [here, there].map(({ targets }) => (divided ? rows / targets.length : 1));
      largest = Math.max(largest, apart(a, b, counts as [number, number]));
    }
    return largest;
  };

  test.each([1, 0.6])(
    "a record swapped, rate %d: twice the clip, and almost that",
    async (rate) => {
      const most = await moved(rate, "swap");
      expect(most).toBeLessThanOrEqual(2 * (1 + summationSensitivity(rows, 4, 1)));
      expect(most).toBeGreaterThan(0.99 * 2);
    },
  );

  test("a record removed: the clip, and almost that", async () => {
    const most = await moved(1, "remove");
    expect(most).toBeLessThanOrEqual(1 + summationSensitivity(rows, 4, 1));
    expect(most).toBeGreaterThan(0.99);
  });

  test("divided by how many there are, a record moves the others' part: it is seen", async () => {
    // The last record is removed; without weight of its own it still moves what the others say.
    expect(await moved(1, "remove", true)).toBeGreaterThan(1 + 1e-3);
  });
});

test("sums over a shard in a kernel's memory are plain double sums all the same", async () => {
  const { allocateDenseRows } = await import("../../../src/math/kernels/allocation.ts");
  const many = 600;
  const resident = allocateDenseRows(many, columns, 0);
  const random = randomFrom("resident");
  for (let i = 0; i < resident.values.length; i++) resident.values[i] = random.normal();
  const plain = { ...resident, values: Float32Array.from(resident.values) };
  const targets = Float32Array.from({ length: many }, (_, i) => i % 2);
  const problem = problems.create({ type: "logistic" });
  const weights = new Float64Array(columns).fill(0.3);
  const [a, b] = [resident, plain].map(
    (given) => clippedGradientParts(problem, { rows: given, targets }, weights, 0.5).clipped,
  );
  expect(a).toEqual(b);
});

/** Without its first record. */
function less({ rows: given, targets }: Examples): Examples {
  const values = given.values.slice(columns);
  return {
    rows: { kind: "dense", rows: given.rows - 1, columns, values },
    targets: targets.slice(1),
  };
}

function apart(a: Float64Array, b: Float64Array, [left, right]: [number, number]): number {
  return Math.hypot(...a.map((value, j) => left * value - right * b[j]!));
}
