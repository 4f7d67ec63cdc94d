import { expect, test } from "vitest";
import { allocateDenseRows } from "../../../src/math/kernels/allocation.ts";
import { lossAndGradientFused } from "../../../src/math/kernels/passes.ts";
import { campaign } from "../../campaign.ts";

const MiB = 2 ** 20;
/** Of 32 MiB each. */
const shards = campaign(40, 72);

test("shards that nobody has any more are let go of, before they fill the memory", async () => {
  const before = process.memoryUsage().rss;
  let most = 0;
  for (let i = 0; i < shards; i++) {
    allocateDenseRows(8192, 1024).values.fill(1);
    most = Math.max(most, process.memoryUsage().rss - before);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // 1280 MiB in all, or more: when the collector comes is its own business, but it has to come.
  expect(most).toBeLessThan(900 * MiB);
});

test("a shard takes the memory of its entries, once", () => {
  const before = process.memoryUsage().rss;
  const rows = allocateDenseRows(65_536, 1024);
  rows.values.fill(1);
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * MiB);
  expect(rows.values.byteLength).toBe(256 * MiB);
});

test("rows begin with a page, and no pass reads beyond the end of their memory", () => {
  const columns = 40;
  const weights = new Float32Array(columns).fill(0.1);
  let full = 0;
  for (let rows = 128; rows <= 2048; rows += 128) {
    const x = allocateDenseRows(rows, columns, 0);
    const { buffer, byteOffset, byteLength } = x.values;
    expect(byteOffset % 4096).toBe(0);
    x.values.fill(1);
    const gradient = new Float64Array(columns);
    lossAndGradientFused(
      "leastSquares",
      { rows: x, targets: new Float32Array(rows) },
      weights,
      gradient,
    );
    expect(gradient[0]).toBeCloseTo(4 * rows, 2);
    if (byteOffset + byteLength === buffer.byteLength) full++;
  }
  expect(full).toBeGreaterThan(0);
});
