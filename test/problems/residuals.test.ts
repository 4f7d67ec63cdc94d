import { expect, test } from "vitest";
import { Residuals } from "../../src/problems/residuals.ts";

test("quantiles of residuals are those of numpy.quantile", () => {
  const residuals = new Residuals();
  for (let i = 0; i < 200; i++) residuals.add(((i * 37) % 200) / 2 - 30);
  residuals.add(Number.NaN);
  // numpy.quantile(numpy.arange(200) / 2 - 30, [0.05, 0.5, 0.95, 0, 1])
  const found = residuals.quantiles([0.05, 0.5, 0.95, 0, 1]);
  const expected = [-25.025, 19.75, 64.525, -30, 69.5];
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 12);
});
