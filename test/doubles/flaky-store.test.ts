import { expect, test } from "vitest";
import { memoryStore } from "../../src/storage/memory.ts";
import { flakyStore } from "./flaky-store.ts";

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
