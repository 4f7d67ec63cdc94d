import { expect, test } from "vitest";
import { mayTellPrinted } from "../../src/platform/worker-compute.ts";
import { resolveSpec } from "../../src/run/resolve-spec.ts";

const common = {
  problem: { type: "logistic", l2: 0.1 },
  data: { source: "rows.csv", target: "y", classes: ["a", "b"], standardize: false },
  workers: 3,
  wait: "all",
};
const budget = { epsilon: 2, delta: 1e-5, unit: "record", adjacency: "replace-one", clip: 1 };
const sgd = { type: "sgd", learningRate: 0.5 };

test.each([
  ["an ordinary run", {}, true],
  ["private training", { strategy: "dp-sgd", optimizer: sgd, privacy: budget }, false],
  ["gossip", { strategy: { type: "gossip", region: { ball: 10 } }, privacy: budget }, false],
  ["sums under masks", { strategy: { type: "local-steps", secureSum: 3 }, optimizer: sgd }, false],
] as const)("what workers of %s print may be told: %o is %s", (_, spec, isTold) => {
  expect(mayTellPrinted(resolveSpec({ ...common, ...spec }))).toBe(isTold);
});
