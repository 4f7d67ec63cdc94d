import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { clockBreaches } from "./clocks.ts";
import { readTexts } from "./source-tree.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("no test depends on how fast a machine is", () => {
  expect(clockBreaches(readTexts(root, ["test"], [".ts"]))).toEqual([]);
});

test.each([
  ["const from = performance.now();", "reads the wall clock"],
  ["const until = Date.now() + 5_000;", "reads the wall clock"],
  ["const before = process.cpuUsage();", "reads the processor's time"],
  ["await new Promise((resolve) => setTimeout(resolve, 5));", "waits for a time"],
  ["await sleep(200);", "waits for a time"],
  ["await vi.waitFor(() => expect(kills).toBe(3));", "gives up by the clock"],
  ["}, 120_000);", "has a time limit of its own"],
  ["  timeout: 180_000,", "has a time limit of its own"],
  ["expect(some.result.seconds).toBeLessThan(3);", "bounds a time from above"],
  ["expect(end.elapsedMs).toBeLessThan(15_000);", "bounds a time from above"],
])("a planted one is found: %s", (line, expected) => {
  const texts = { "test/faults/a.test.ts": `it("a", async () => {\n${line}\n` };
  expect(clockBreaches(texts, {})).toEqual([expect.stringContaining(`a.test.ts:2: ${expected}`)]);
});

test("what only looks like one is none, and an exception for nothing is", () => {
  const text = "socket.setTimeout(0);\nconst delayMs = 120_000;\nexpect(seconds).toBeLessThan(1);";
  expect(clockBreaches({ "test/run/a.test.ts": text }, {})).toEqual([]);
  expect(clockBreaches({}, { "test/run/b.test.ts": "it was needed" })).toEqual([
    "test/run/b.test.ts: an exception in test/style/clocks.ts for nothing",
  ]);
});
