import { describe, expect, test } from "vitest";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";

const data = { source: "x.csv", target: "y" };
const spec = { problem: "logistic", data, workers: 4, strategy: "anytime" };

test("a spec gets rows as they are, adam whose rate falls, and a wait for all", () => {
  const { encoding, optimizer, strategy, wait } = resolveSpec({ ...spec, stop: { rounds: 70 } });
  expect(encoding).toEqual({ type: "uncoded" });
  expect(optimizer).toMatchObject({ type: "adam", schedule: { type: "cosine", steps: 70 } });
  expect(strategy).toEqual({ type: "anytime", seconds: 0.5, block: 32, batch: "all" });
  expect(wait).toBe("all");
});

describe("refused, with the reason and a remedy", () => {
  test.each<[object, string, RegExp, RegExp]>([
    [{ problem: "lasso" }, "not-proximal", /problem: lasso: .*gradients/, /leave strategy out/],
    [{ problem: "factorization" }, "bad-combination", /not convex/, /alternating/],
    [{ encoding: "hadamard" }, "bad-combination", /encoding: hadamard: .*rows/, /replication/],
    [{ encoding: "gradient-code" }, "bad-combination", /encoding: gradient-code/, /uncoded/],
    [{ optimizer: "l-bfgs" }, "bad-combination", /optimizer: l-bfgs: .*line/, /learning rate/],
    [{ wait: "adaptive" }, "bad-combination", /wait: adaptive k: .*equally long/, /fastest/],
    [{ wait: { adaptive: { rule: "deadline" } } }, "bad-combination", /adaptive deadline/, /all/],
    [{ compression: "sign" }, "not-compressed", /anytime sends its replies/, /local-steps/],
    [{ data: { ...data, storage: "int8" } }, "not-packed", /anytime stores no rows/, /storage/],
    [{ strategy: { type: "anytime", seconds: 0 } }, "bad-value", /strategy\.seconds/, /./],
    [
      { strategy: { type: "anytime", seconds: 5 }, stop: { patience: 5 } },
      "bad-value",
      /seconds: 5: no reply can come/,
      /patience/,
    ],
  ])("%j", (change, code, message, hint) => {
    expect(() => resolveMembers(resolveSpec({ ...spec, ...change }))).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(hint),
      }),
    );
  });

  test("and what is left is not", () => {
    for (const problem of ["ridge", "softmax", "squared-hinge", "mean"])
      for (const optimizer of ["sgd", "adam", "mada", "gradient-descent", "fista"])
        for (const wait of ["all", { fastest: 3 }, { speculate: {} }])
          resolveMembers(resolveSpec({ ...spec, problem, optimizer, wait }));
  });
});
