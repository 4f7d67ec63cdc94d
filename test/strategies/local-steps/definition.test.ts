import { describe, expect, it } from "vitest";
import { wholeWeights } from "../../../src/run/model-weights.ts";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { afresh, scene, segment, table } from "../../simulation/simulated-run.ts";

const spec = {
  problem: { type: "logistic", l2: 0.01 },
  workers: 6,
  wait: { fastest: 4 },
  strategy: { type: "local-steps", steps: 4, batch: 8, learningRate: 0.2 },
  compression: { type: "sign-top-k", k: 3 },
  stop: { rounds: 60 },
  weather: { model: "late", probability: 0.2, delayMs: 80, failures: "2%" },
};

function secureSum(options: object) {
  return { strategy: { type: "local-steps", secureSum: 3, ...options } };
}

describe("a spec", () => {
  it("fills in what it leaves out", () => {
    const { encoding, optimizer, compression } = resolveSpec({
      ...spec,
      data: { source: "x.csv", target: "y" },
    });
    expect(encoding.type).toBe("uncoded");
    expect(optimizer).toEqual({ type: "gradient-descent", step: "safe" });
    expect(compression).toEqual({
      type: "sign-top-k",
      k: 3,
      norm: 1,
      scale: "float32",
      feedback: "error-feedback",
    });
  });

  it.each([
    [{ strategy: "rounds" }, "compression: strategy rounds sends its replies as they are"],
    [{ encoding: "replication", problem: { type: "lasso" } }, "no gradient where weights are zero"],
    [{ encoding: "hadamard", problem: "ridge" }, "encoding: hadamard: local-steps draws"],
    [{ optimizer: "l-bfgs" }, "optimizer: l-bfgs: local-steps hands it"],
    [{ optimizer: "fista" }, "optimizer: fista: local-steps hands it"],
    [{ wait: "adaptive" }, "wait: adaptive k: it chooses k by gradients"],
    [secureSum({}), "compression: sign-top-k leaves of numbers does not add up"],
    [secureSum({ asynchronous: true }), "every reply is an update by itself"],
    [
      { ...secureSum({ momentum: 0.9 }), compression: undefined },
      "velocity would lie in the store",
    ],
    [
      { ...secureSum({}), compression: undefined, wait: { fastest: 2 } },
      "a sum of fewer than 3 tells of one",
    ],
    [
      { ...secureSum({}), compression: undefined, wait: { adaptive: { rule: "deadline" } } },
      "a quorum that learns closes with any number",
    ],
    [
      { ...secureSum({}), compression: undefined, workers: 2, wait: "all" },
      "the committee is of the workers, and there are 2",
    ],
    [{ compression: { type: "top-p" } }, 'compression: no compression is called "top-p"'],
    [{ compression: { type: "top-k", k: "0%" } }, "compression.k: expected a number of entries"],
    [{ compression: { type: "top-k", feedback: "ef22" } }, "compression.feedback: "],
    [{ compression: { type: "top-k", levels: 3 } }, "compression.levels: unknown key"],
    [
      { strategy: { type: "local-steps", learningRate: { schedule: "cosine" } } },
      "strategy.learningRate: expected a number or { schedule: inverse",
    ],
  ])("%j is refused", (change, message) => {
    const data = { source: "x.csv", target: "y" };
    expect(() => resolveMembers(resolveSpec({ ...spec, data, ...change }))).toThrow(message);
  });
});

describe("a run in bad weather", () => {
  it("learns, and gives the same bits again", async () => {
    const first = await scene(spec, table(400, 5, 3, true));
    const end = await segment(first);
    expect(end.stop).toEqual({ kind: "done" });
    expect(end.rounds).toBe(60);
    // Sixty rounds of at least four payloads of some 10 bytes; weights go down as float32.
    expect(end.traffic!.bitsUp).toBeGreaterThan(60 * 4 * 8 * 9);
    expect(end.traffic!.bitsUp).toBeLessThan(60 * 6 * 8 * 16);
    expect(end.traffic!.bitsDown % (32 * wholeWeights(end.model).length)).toBe(0);
    const again = await segment(await afresh(first));
    expect(wholeWeights(again.model)).toEqual(wholeWeights(end.model));
    expect(again.traffic).toEqual(end.traffic);
    // The target is the sign of a sum with weights 1, 2, 3, 4, 5.
    const [one, , , , five] = wholeWeights(end.model);
    expect(five! / one!).toBeGreaterThan(2);
  });

  it("with MADA outside, every update moved by it", async () => {
    const outside = { ...spec, optimizer: { type: "mada", learningRate: 0.05 } };
    const coefficients: unknown[] = [];
    const end = await segment(await scene(outside, table(400, 5, 3, true)), {
      listen: (event) => event.type === "round" && coefficients.push(event.coefficients),
    });
    expect(end.stop).toEqual({ kind: "done" });
    expect(coefficients[0]).toHaveProperty("beta1");
    expect(wholeWeights(end.model)[4]! / wholeWeights(end.model)[0]!).toBeGreaterThan(1.5);
  });
});
