import { expect, it } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import {
  type GradientPart,
  gradientSum,
  sumGradients,
} from "../../src/model-parallel/gradient-sum.ts";

const random = randomFrom("parts");

function part(use: number, microbatch: number, more: Partial<GradientPart> = {}): GradientPart {
  const slopes = Float32Array.from({ length: 5 }, () => random.normal());
  return { version: 3, microbatch, use, weight: "tied/kernel", slopes, ...more };
}

const parts = [0, 4].flatMap((use) => [0, 1, 2].map((microbatch) => part(use, microbatch)));

it("the same parts give the same bits in any order, however often they come", () => {
  const sum = sumGradients(parts, 3, 3).get("tied/kernel")!;
  for (let i = 0; i < 20; i++) {
    const order = [...random.permutation(parts.length)].map((at) => parts[at]!);
    const repeated = [...order, ...order.slice(0, random.integer(parts.length))];
    expect(sumGradients(repeated, 3, 3).get("tied/kernel")).toEqual(sum);
  }
  for (const [i, slope] of sum.entries())
    expect(slope).toBeCloseTo(
      parts.reduce((total, { slopes }) => total + slopes[i]!, 0),
      12,
    );
});

it("a late part of an older version is not added, whatever it says", () => {
  const late = part(0, 1, { version: 2 });
  const sum = sumGradients(parts, 3, 3);
  expect(sumGradients([...parts, late], 3, 3)).toEqual(sum);
  // The control: were its version not looked at, it would take the place of the right one.
  expect(sumGradients([...parts, { ...late, version: 3 }], 3, 3)).not.toEqual(sum);
});

it("nor by whoever takes one part at a time, and one that comes twice counts once", () => {
  const sum = gradientSum(3, 3);
  for (const own of parts) {
    sum.add({ ...own, version: 2, slopes: own.slopes.map((slope) => slope + 1) });
    sum.add(own);
    sum.add(own);
  }
  expect(sum.gradients()).toEqual(sumGradients(parts, 3, 3));
});

it("a part that is missing is named, not left out", () => {
  const some = parts.filter(({ use, microbatch }) => use !== 4 || microbatch !== 1);
  expect(() => sumGradients(some, 3, 3)).toThrow('"tied/kernel" at use 4 lacks microbatch 1');
});

it("a shared weight is one entry of a norm, not one for each copy", () => {
  const sums = sumGradients(parts, 3, 3);
  expect(sums.size).toBe(1);
  const norm = (list: Iterable<number>) => Math.hypot(...list);
  const whole = norm(sums.get("tied/kernel")!);
  const copies = [0, 4].map((use) => {
    const own = parts.filter((one) => one.use === use);
    return norm(sumGradients(own, 3, 3).get("tied/kernel")!);
  });
  // The control: norms of the copies, or the sum counted on each of its two stages.
  expect(Math.abs(norm(copies) / whole - 1)).toBeGreaterThan(0.01);
  expect(norm([whole, whole]) / whole).toBeCloseTo(Math.SQRT2, 9);
});
