import { describe, expect, it } from "vitest";
import { RunError } from "../../../src/core/errors.ts";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";

const base = {
  problem: { type: "ridge" },
  data: { generate: { type: "regression", rows: 100, features: 3 } },
  workers: 8,
};
const planned = (spec: object) => resolveMembers(resolveSpec({ ...base, ...spec }));

describe("wait in a spec", () => {
  it.each([
    ["all", "all 8"],
    [{ fastest: 6 }, "fastest 6 of 8"],
    [{ deadline: "1.5s", atLeast: 5 }, "1500 ms, at least 5 of 8"],
    ["adaptive", "adaptive, at least 6 of 8"],
    [{ adaptive: {} }, "adaptive, at least 6 of 8"],
    [{ adaptive: { rule: "deadline", atLeast: 3 } }, "adaptive deadline, at least 3 of 8"],
    [{ adaptive: { rule: "disagreement" } }, "adaptive by disagreement, from 6 of 8"],
    [{ speculate: {} }, "all 8, copies of the slow"],
    [{ speculate: { quorum: { fastest: 7 } } }, "fastest 7 of 8, copies of the slow"],
  ])("%j is %s", (wait, inWords) => {
    expect(planned({ wait }).wait.inWords).toBe(inWords);
  });

  it.each([
    ["gradient-descent", "hadamard", 4],
    ["gradient-descent", "uncoded", 4],
    ["l-bfgs", "hadamard", 6],
    ["l-bfgs", { type: "hadamard", redundancy: 4 }, 5],
    ["l-bfgs", "uncoded", 6],
  ])("adapts with %s over %j from %d of 8 on", (optimizer, encoding, least) => {
    expect(planned({ wait: "adaptive", optimizer, encoding }).wait.needed).toBe(least);
  });

  it("copies by the usual rule: after three quarters, at 1.5 medians, of 100 ms or more", () => {
    expect(planned({ wait: { speculate: {} } }).wait.copies).toEqual({
      workers: 8,
      afterReplies: 6,
      factor: 1.5,
      minimumMs: 100,
    });
  });

  it.each([
    [{ fastest: 9 }, "quorum-too-large"],
    [{ adaptive: { atLeast: 9 } }, "quorum-too-large"],
    [{ speculate: { quorum: { fastest: 9 } } }, "quorum-too-large"],
    [{ adaptive: { rule: "luck" } }, "bad-value"],
    [{ adaptive: { step: 2 } }, "bad-value"],
    [{ speculate: { after: 0 } }, "bad-value"],
    [{ speculate: { quorum: "adaptive" } }, "bad-value"],
    ["adaptiv", "bad-value"],
  ])("%j is refused", (wait, code) => {
    expect(() => planned({ wait })).toThrow(RunError);
    expect(() => planned({ wait })).toThrow(expect.objectContaining({ code }));
  });
});

describe("async-sgd in a spec", () => {
  it("step by gradient descent unless told otherwise", () => {
    const spec = resolveSpec({ ...base, strategy: "async-sgd" });
    expect(spec.optimizer).toEqual({ type: "gradient-descent", step: "safe" });
    expect(resolveMembers(spec).method.waitInWords).toBe("nobody: every reply is a step");
  });

  it.each([
    [{ optimizer: "l-bfgs" }, "bad-combination", /no curvature/],
    [{ problem: { type: "lasso" } }, "not-proximal", /lasso: an l1 penalty/],
    [{ problem: "logistic", encoding: "hadamard" }, "not-mixable", /hadamard/],
    [{ encoding: "gaussian" }, "unsafe-step", /gaussian/],
    [{ encoding: { type: "gradient-code", stragglers: 1 } }, "bad-combination", /from one slot/],
    [{ strategy: { type: "async-sgd", stalenessMax: 5 } }, "always-stale", /7 steps old/],
  ])("%j is refused", (spec, code, message) => {
    const plan = () => planned({ strategy: "async-sgd", ...spec });
    expect(plan).toThrow(expect.objectContaining({ code }));
    expect(plan).toThrow(message);
  });
});
