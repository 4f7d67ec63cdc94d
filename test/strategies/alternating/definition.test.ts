import { describe, expect, test } from "vitest";
import { resolveMembers } from "../../../src/run/resolve-members.ts";
import { resolveSpec } from "../../../src/run/resolve-spec.ts";
import { ratingsScene } from "./scene.ts";

const data = { generate: { type: "ratings" } };

describe("ratings", () => {
  test("are trained by alternating, over mixtures, unless told otherwise", () => {
    const spec = resolveSpec({ problem: "factorization", data });
    expect(spec.strategy.type).toBe("alternating");
    expect(spec.encoding.type).toBe("hadamard");
    expect(() => resolveMembers(spec)).not.toThrow();
    expect(resolveSpec({ problem: "ridge", data }).strategy.type).toBe("rounds");
  });

  test.each([
    [{ strategy: "rounds" }, /rounds cannot train factorization, which is not convex/],
    [{ strategy: "encoded-blocks" }, /encoded-blocks cannot train factorization/],
    [{ problem: "ridge", strategy: "alternating" }, /problem: ridge: alternating is for ratings/],
    [{ optimizer: "gradient-descent" }, /gradient-descent: it needs a step size that all/],
  ])("what cannot work is refused: %j", (more, reason) => {
    expect(() => resolveMembers(resolveSpec({ problem: "factorization", data, ...more }))).toThrow(
      reason,
    );
  });

  test("begin at b, with random factors of items that hang on the seed", async () => {
    const { strategy, staged, spec } = await ratingsScene({});
    const { columns, targetMean } = staged.prepared;
    const { weights } = strategy.start();
    expect(weights[columns - 1]).toBe(Math.fround(targetMean));
    expect(weights.slice(0, columns - 1).every((weight) => weight === 0)).toBe(true);
    const factors = [...weights.slice(columns + 40, columns + 65)];
    expect(factors.every((factor) => factor !== 0 && Math.abs(factor) < 0.5)).toBe(true);
    expect(weights.slice(columns, columns + 40).every((factor) => factor === 0)).toBe(true);
    expect(weights[2 * columns - 1]).toBe(0);
    const other = await ratingsScene({ seed: spec.seed + 1 });
    expect(other.strategy.start().weights).not.toEqual(weights);
    const based = await ratingsScene({ problem: { type: "factorization", base: 3 } });
    expect(based.strategy.start().weights[columns - 1]).toBe(3);
  });
});
