import { describe, expect, it } from "vitest";
import { generators } from "../../src/data/generators/registry.ts";
import { readExamples } from "../../src/data/parts/load-parts.ts";
import type { TargetKind } from "../../src/data/prepare/feature-column.ts";
import { prepared, refusal } from "./fixtures.ts";

const tasks: Readonly<Record<string, TargetKind>> = {
  regression: "regression",
  ratings: "ratings",
};

describe.each(generators.members.map((member) => ({ member, name: member.name })))(
  "generator $name",
  ({ member, name }) => {
    const task = tasks[name] ?? "classification";

    it.each(member.examples)("makes the same rows again: %j", async (example) => {
      const options = { generate: { type: name, ...example }, test: 0.1 };
      const first = await prepared({}, options, { task });
      const again = await prepared({}, options, { task });
      const other = { ...options, generate: { ...options.generate, seed: 2 } };
      expect(first.prepared.rows + first.prepared.testRows).toBe(300);
      expect(again.prepared).toEqual(first.prepared);
      expect((await prepared({}, other, { task })).prepared.digest).not.toBe(first.prepared.digest);
    });
  },
);

describe("made-up data", () => {
  it("are correlated as asked for", async () => {
    const generate = { type: "regression", rows: 5000, features: 2, correlation: 0.8 };
    const done = await prepared({}, { generate });
    const { rows } = await readExamples(done.store, done.prepared.train, 3);
    let product = 0;
    for (let i = 0; i < 5000; i++) product += rows.values[3 * i]! * rows.values[3 * i + 1]!;
    expect(product / 5000).toBeGreaterThan(0.77);
    expect(product / 5000).toBeLessThan(0.83);
  });

  it("have a target that a linear model explains", async () => {
    const generate = { type: "regression", rows: 400, features: 1, noise: 0 };
    const done = await prepared({}, { generate });
    const { rows, targets } = await readExamples(done.store, done.prepared.train, 2);
    const { targetMean: mean, targetVariance: variance } = done.prepared;
    const slopes = [...targets].map((y, i) => (y - mean) / rows.values[2 * i]!);
    for (const slope of slopes) expect(Math.abs(slope)).toBeCloseTo(Math.sqrt(variance), 2);
  });

  it("name an unknown generator's nearest", async () => {
    const error = await refusal(prepared({}, { generate: { type: "regresion" } }));
    expect(error.hint).toMatch(/did you mean "regression"/);
    expect((await refusal(prepared({}, {}))).message).toMatch(/either source .* or generate/);
  });
});
