import { describe, expect, test } from "vitest";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";

const privacy = {
  epsilon: 1,
  delta: 1e-5,
  unit: "record",
  adjacency: "add-remove",
  clip: 1,
  divisor: 100,
};
const base = {
  problem: "softmax",
  data: { generate: { type: "classification", rows: 100 }, standardize: false, classes: [0, 1] },
  workers: 4,
  strategy: { type: "dp-sgd", rate: 0.1 },
  wait: "all",
  privacy,
};
const batchNormal = [
  { name: "dense/kernel", shape: [4, 3] },
  { name: "moving_mean", shape: [3], observed: true },
];

function secureSum(options: object) {
  const strategy = { type: "dp-sgd", noise: "workers", secureSum: 3, ...options };
  return { strategy, privacy: { ...privacy, adjacency: "zero-out" } };
}

describe("refused while planning, with the reason and a remedy", () => {
  test.each<[object, string, string]>([
    [{ privacy: undefined }, "no-privacy", "privacy is not given"],
    [{ privacy: { ...privacy, divisor: undefined } }, "ambiguous-privacy", "privacy.divisor"],
    [{ privacy: { ...privacy, unit: "node" } }, "ambiguous-privacy", "record by record"],
    [{ privacy: { ...privacy, noise: "laplace" } }, "ambiguous-privacy", "privacy.noise"],
    [{ privacy: { ...privacy, delta: 0 } }, "ambiguous-privacy", "normal noise cannot keep"],
    [{ privacy: { ...privacy, adjacency: undefined } }, "bad-value", "privacy.adjacency"],
    [{ encoding: "hadamard" }, "not-private", "products of several records"],
    [{ encoding: "replication" }, "not-private", "at several nodes"],
    [{ data: { ...base.data, standardize: true } }, "not-private", "data.standardize"],
    [{ data: { ...base.data, missing: "impute" } }, "not-private", "data.missing"],
    [{ data: { ...base.data, classes: undefined } }, "not-private", "data.classes"],
    [{ data: { ...base.data, text: {} } }, "not-private", "data.text"],
    [{ problem: "lasso" }, "bad-combination", "problem: lasso"],
    [{ problem: "factorization" }, "bad-combination", "factorization"],
    [{ optimizer: "l-bfgs" }, "bad-combination", "a line search asks the raw rows"],
    [{ optimizer: "gradient-descent" }, "bad-combination", "raw rows"],
    [{ wait: "adaptive" }, "bad-combination", "no gradients"],
    [{ compression: { type: "top-k", k: "5%" } }, "not-compressed", "as they are"],
    [{ strategy: { type: "dp-sgd", rate: 0 } }, "bad-value", "strategy.rate"],
    [{ strategy: "rounds", optimizer: "l-bfgs" }, "not-private", "without noise"],
    [secureSum({ noise: "aggregator" }), "bad-combination", "the total without noise"],
    [{ ...secureSum({}), workers: 2 }, "bad-combination", "there are 2"],
    [{ ...secureSum({}), wait: { fastest: 2 } }, "bad-combination", "fewer than 3 tells of one"],
    [{ ...secureSum({ secureSum: 5 }) }, "bad-combination", "there are 4"],
    [secureSum({ secureSum: 4 }), "bad-value", "expected 3 or 5"],
    [{ problem: networkOf(batchNormal) }, "not-private", "batch normalisation"],
  ])("%j", (change, code, message) => {
    const attempt = () => resolveMembers(resolveSpec({ ...base, ...change }));
    expect(attempt).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringContaining(message),
        hint: expect.stringMatching(/\w/),
      }),
    );
  });

  test("and what is left is not", () => {
    for (const problem of ["softmax", "logistic", "squared-hinge", "ridge", "mean"])
      for (const [noise, adjacency] of [
        ["aggregator", "add-remove"],
        ["workers", "zero-out"],
      ]) {
        const strategy = { type: "dp-sgd", rate: 0.5, noise };
        resolveMembers(
          resolveSpec({ ...base, problem, strategy, privacy: { ...privacy, adjacency } }),
        );
      }
    for (const optimizer of ["sgd", "adam"]) resolveMembers(resolveSpec({ ...base, optimizer }));
    for (const adjacency of ["replace-one", "zero-out"])
      resolveMembers(
        resolveSpec({ ...base, privacy: { ...privacy, adjacency, divisor: undefined } }),
      );
    resolveMembers(resolveSpec({ ...base, problem: networkOf(batchNormal.slice(0, 1)) }));
  });
});

function networkOf(pieces: object[]) {
  const facts = { key: "networks/x", inputShape: [4], outputShape: [3], pieces };
  return { type: "network", model: "model.json", facts };
}
