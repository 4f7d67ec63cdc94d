import { expect, test } from "vitest";
import { prices } from "../../src/limits.ts";
import { flakyStore } from "../../src/storage/flaky.ts";
import { memoryStore } from "../../src/storage/memory.ts";
import { meteredStore } from "../../src/storage/metered.ts";

test("a metered store counts what S3 charges for", async () => {
  const store = meteredStore(memoryStore());
  await store.write("a", new Uint8Array(10));
  await store.writeOnce("a", new Uint8Array(3));
  await store.write("large", new Uint8Array(17 << 20));
  await store.read("a");
  await store.read("absent");
  await store.list("");
  const { costUsd, ...counts } = store.usage();
  const bytesWritten = 13 + (17 << 20);
  // One each, two parts with begin and end, one listing.
  expect(counts).toEqual({ gets: 2, puts: 7, bytesRead: 10, bytesWritten });
  expect(costUsd).toBeCloseTo(2 * prices.s3.usdPerGet + 7 * prices.s3.usdPerPut, 15);
});

test("a flaky store fails by seed, key and attempt, whatever the order of calls", async () => {
  const outcomes = async (order: readonly string[]) => {
    const store = flakyStore(memoryStore(), { seed: 4, failures: 0.3, lostReplies: 0.2 });
    const found: Record<string, string> = {};
    for (const key of order) {
      const settled = await Promise.allSettled([store.write(key, new Uint8Array(1))]);
      found[key] = settled[0].status;
    }
    return found;
  };
  const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
  const forwards = await outcomes(keys);
  expect(await outcomes([...keys].reverse())).toEqual(forwards);
  expect(new Set(Object.values(forwards))).toEqual(new Set(["fulfilled", "rejected"]));
});

test("a lost reply means the work was done", async () => {
  const inner = memoryStore();
  const store = flakyStore(inner, { seed: 1, lostReplies: 1 });
  await expect(store.write("k", new Uint8Array([1]))).rejects.toThrow("write of k failed");
  expect(await inner.read("k")).toEqual(new Uint8Array([1]));
});
