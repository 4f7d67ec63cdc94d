import { expect, test } from "vitest";
import { threadsFor } from "../../../src/platform/local/threads.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";

const data = { generate: { type: "regression", rows: 100, features: 4 } };
const specOf = (chosen: object) => resolveSpec({ problem: "ridge", workers: 8, data, ...chosen });

test("few numbers are left to one thread, and what takes longer to all", () => {
  const few = { entriesPerSlot: 2 ** 13 };
  expect(threadsFor({ spec: specOf({}), ...few })).toBe(1);
  expect(threadsFor({ spec: specOf({ problem: "lasso" }), ...few })).toBe(1);
  expect(threadsFor({ spec: specOf({}), entriesPerSlot: 2 ** 13 + 1 })).toBeUndefined();
  const local = { strategy: { type: "local-steps" } };
  expect(threadsFor({ spec: specOf(local), ...few })).toBeUndefined();
  const pairs = { problem: "factorization", data: { source: "ratings.csv", target: "y" } };
  expect(threadsFor({ spec: specOf(pairs), ...few })).toBeUndefined();
});
