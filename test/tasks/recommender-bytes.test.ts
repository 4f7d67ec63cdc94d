import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import { slicedReply } from "../../src/tasks/sliced-reply.ts";
import { fixtures, networkOf } from "../problems/networks.ts";

test("256 ratings of 100,000 users and items are told in under 5 % of dense bytes", async () => {
  const problem = await networkOf(join(fixtures, "many-pairs.ts"), { loss: "meanSquaredError" });
  const tensors = problem.parameters!;
  const random = randomFrom("ratings");
  const values = Float32Array.from({ length: 512 }, () => random.integer(100_000));
  const targets = Float32Array.from({ length: 256 }, () => random.normal());
  const examples: Examples = { rows: { kind: "dense", rows: 256, columns: 2, values }, targets };
  const weights = problem.initial!(randomFrom(1));
  const told = problem.slicedGradient!(examples, weights, "auto")!;
  const reply = slicedReply(told, tensors, "auto");
  expect(reply.payload!.byteLength).toBeLessThan(0.05 * weights.byteLength);
  const dense = new Float64Array(weights.length);
  problem.lossAndGradient(examples, weights, dense);
  expect(denseGradient(told.parts, tensors).every((value, i) => value === dense[i])).toBe(true);
});
