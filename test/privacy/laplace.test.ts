import { expect, test } from "vitest";
import { withKeyedNoise } from "../../src/privacy/mechanisms/keyed-noise.ts";

const rule = { mechanism: "laplace", adjacency: "replace-one", sensitivity: 1, noise: 2 } as const;
const secret = new Uint8Array(32).fill(7);

test("a message under Laplace noise is away from its values by the scale on average", () => {
  const count = 4_000;
  const values = new Float64Array(count).fill(3);
  const noise = withKeyedNoise(values, rule, secret, "message 1").map((value) => value - 3);
  const mean = (of: Float64Array) => of.reduce((sum, one) => sum + one, 0) / count;
  // |noise| has the mean 2 and the deviation 2, noise the mean 0 and the deviation 2 x sqrt 2.
  const error = 4 * (2 / Math.sqrt(count));
  expect(Math.abs(mean(noise.map(Math.abs)) - 2)).toBeLessThan(error);
  expect(Math.abs(mean(noise))).toBeLessThan(error * Math.SQRT2);
});

test("the same message has the same noise again, another message has another", () => {
  const values = Float64Array.of(1, -2, 0.5, 8);
  const first = withKeyedNoise(values, rule, secret, "message 1");
  expect(withKeyedNoise(values, rule, secret, "message 1")).toEqual(first);
  expect(withKeyedNoise(values, rule, secret, "message 2")).not.toEqual(first);
});
