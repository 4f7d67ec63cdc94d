import { afterEach, describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { allocateDenseRows } from "../../../src/math/kernels/allocation.ts";
import { threadsMax } from "../../../src/math/kernels/instance.ts";
import { lossAndGradientFused, multiplyResident } from "../../../src/math/kernels/passes.ts";
import { useThreads, workOnStripes } from "../../../src/math/kernels/threads.ts";
import { wasmMatrixOf } from "../../../src/math/kernels/wasm-matrix.ts";
import { normals } from "./by-hand.ts";

afterEach(() => useThreads(undefined));

describe("a pass over rows of several stripes", () => {
  const random = randomFrom("threads");
  const [rows, columns] = [10_001, 1030];
  const x = allocateDenseRows(rows, columns);
  const block = normals(1 << 16, random);
  for (let at = 0; at < x.values.length; at += block.length)
    x.values.set(block.subarray(0, Math.min(block.length, x.values.length - at)), at);
  const examples = { rows: x, targets: normals(rows, random) };
  const weights = normals(columns, random);
  const home = wasmMatrixOf(x)!;
  const stripes = Math.ceil(rows / home.stripeRows);

  test("others take their part of it", async () => {
    useThreads(3);
    let byOthers = 0;
    // Threads take a moment to begin, and whoever asks does not wait for them.
    while (byOthers === 0) {
      byOthers = workOnStripes(home, stripes);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(byOthers).toBeLessThan(stripes + 1);
  });

  test("gives the same bits whatever the number of threads", () => {
    expect(stripes).toBeGreaterThan(2);
    const found = [1, 2, 3, threadsMax + 1, 2, 3, 3].map((threads) => {
      useThreads(threads);
      const gradient = new Float64Array(columns);
      const loss = lossAndGradientFused("leastSquares", examples, weights, gradient);
      const margins = multiplyResident(x, weights, new Float64Array(rows));
      return { loss, gradient, margins };
    });
    for (const other of found) expect(other).toEqual(found[0]);
    const halves = found[0]!.gradient.subarray(0, 4);
    expect(halves.every((sum) => Number.isFinite(sum) && sum !== 0)).toBe(true);
  });

  test("an old task that a thread was late for changes nothing", async () => {
    useThreads(2);
    const first = new Float64Array(columns);
    lossAndGradientFused("leastSquares", examples, weights, first);
    const other = new Float64Array(columns);
    lossAndGradientFused("logistic", examples, weights, other);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const again = new Float64Array(columns);
    lossAndGradientFused("leastSquares", examples, weights, again);
    expect(again).toEqual(first);
  });
});
