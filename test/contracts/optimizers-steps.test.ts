import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Memory, Standing, Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { softThreshold } from "../../src/problems/penalty.ts";
import { fromPacket, toPacket } from "../../src/wire/packet.ts";
import { curvature, gradientAt, height, normals, size } from "./bowl.ts";
import { eigenvalues } from "./eigenvalues.ts";

const rounds = 600;
const steppers = optimizers.members.flatMap((member) =>
  member.examples.flatMap((example) => {
    const optimizer = optimizers.create({ type: member.name, ...example });
    return optimizer.searches
      ? []
      : [
          {
            name: `${member.name} ${JSON.stringify(example)}`,
            optimizer,
            settling: settling(member, example),
          },
        ];
  }),
);
const h = curvature();
const smoothness = eigenvalues(h).at(-1)!;
const target = normals(randomFrom(6));
const l1 = 0.8;
const shape = { columns: size, intercept: false };
const smooth: Standing["shrink"] = (point) => point;
const sparse: Standing["shrink"] = (point, stepSize) => softThreshold(l1, stepSize, shape, point);

describe.each(steppers)("$name", ({ optimizer, settling }) => {
  test("inputs are left alone, and memory survives a checkpoint at every step", () => {
    const random = randomFrom(2);
    let [kept, restored] = [optimizer.start(), optimizer.start()];
    for (let round = 0; round < 12; round++) {
      const [weights, asked] = [normals(random), normals(random)].map((v) => Float32Array.from(v));
      const here = { weights: weights!, asked: asked!, gradient: normals(random), stepSize: 0.1 };
      const before = structuredClone({ here, kept });
      const moved = optimizer.move(kept, { ...here, shrink: smooth });
      expect({ here, kept }).toEqual(before);
      const again = optimizer.move(restored, { ...here, shrink: smooth });
      expect(again).toEqual(moved);
      kept = moved.memory;
      restored = fromPacket<Memory>(toPacket(again.memory));
      expect(restored).toEqual(kept);
    }
  });

  test("it finds the bottom of a bowl, without momentum down all the way", () => {
    const { path, looksAhead } = walk(settling ?? optimizer, smooth);
    const gaps = path.map((weights) => height(h, weights, target));
    if (settling !== null) return expect(gaps.at(-1)!).toBeLessThan(1e-4 * gaps[0]!);
    expect(gaps.at(-1)!).toBeLessThan(1e-8 * gaps[0]!);
    const rises = gaps.filter((gap, i) => i > 0 && gap > gaps[i - 1]! * (1 + 1e-6) + 1e-12);
    if (!looksAhead) expect(rises).toEqual([]);
  });

  test("it is proximal exactly if it finds the bottom under an l1 penalty", () => {
    const weights = walk(optimizer, sparse).path.at(-1)!;
    const gradient = gradientAt(h, weights, target);
    // 0 lies in the subdifferential: g_j = -l1 sign(w_j), or |g_j| <= l1 where w_j = 0.
    const off = Array.from(gradient, (slope, j) =>
      weights[j] === 0
        ? Math.max(0, Math.abs(slope) - l1)
        : Math.abs(slope + l1 * Math.sign(weights[j]!)),
    );
    expect(Math.max(...off) < 1e-4).toBe(optimizer.proximal);
    if (optimizer.proximal)
      expect(weights.filter((weight) => weight === 0).length).toBeGreaterThan(0);
  });

  test("missing slots never lengthen a step, and the safe one is the share over L", () => {
    const taken = [0.25, 0.5, 0.75, 1].map((share) => optimizer.stepSize({ smoothness, share }));
    expect(taken[0]).toBeGreaterThan(0);
    expect(taken).toEqual([...taken].sort((a, b) => a - b));
    if (!optimizer.needsCurvature) return;
    expect(optimizer.stepSize({ smoothness: 8, share: 1 })).toBe(1 / 8);
    expect(optimizer.stepSize({ smoothness: 8, share: 0.75 })).toBe(0.75 / 8);
  });
});

/** A method whose step is as long as it is told, with one that is long at first and ends at 0. */
function settling(
  { name, options }: (typeof optimizers.members)[number],
  example: object,
): Stepper | null {
  if (!Object.hasOwn(options, "learningRate")) return null;
  const all = { learningRate: 0.1, otherRate: 0.1, weightDecay: 0 };
  const own = Object.entries(all).filter(([option]) => Object.hasOwn(options, option));
  // An average of iterates settles by itself.
  const schedule = name === "schedule-free" ? {} : { type: "cosine", steps: rounds };
  const chosen = { type: name, ...example, ...Object.fromEntries(own), schedule };
  return optimizers.create(chosen) as Stepper;
}

/** The weights round by round with every slot present, from zero. */
function walk(
  optimizer: Stepper,
  shrink: Standing["shrink"],
): { path: Float64Array[]; looksAhead: boolean } {
  let [weights, asked] = [new Float32Array(size), new Float32Array(size)];
  let memory = optimizer.start();
  let looksAhead = false;
  const path: Float64Array[] = [Float64Array.from(weights)];
  for (let round = 0; round < rounds; round++) {
    const stepSize = optimizer.stepSize({ smoothness, share: 1, round });
    const gradient = gradientAt(h, Float64Array.from(asked), target);
    const moved = optimizer.move(memory, { weights, asked, gradient, stepSize, shrink });
    weights = Float32Array.from(moved.weights);
    asked = moved.ask === null ? weights : Float32Array.from(moved.ask);
    looksAhead ||= moved.ask !== null;
    memory = moved.memory;
    path.push(moved.weights);
  }
  return { path, looksAhead };
}
