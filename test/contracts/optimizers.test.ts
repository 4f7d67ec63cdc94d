import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { dot, norm } from "../../src/math/vector.ts";
import type { CurvaturePair, Searcher, Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { bowlSize, curvature, normals, times } from "../../src/testing/bowl.ts";
import { type DenseMatrix, matrix, product } from "../../src/testing/dense.ts";
import { settlingRounds, testOptimizer } from "../../src/testing/optimizer.ts";

for (const member of optimizers.members)
  for (const example of member.examples) {
    const optimizer = optimizers.create({ type: member.name, ...example });
    const name = `${member.name} ${JSON.stringify(example)}`;
    const settling = optimizer.searches ? null : settlingStepper(member, example);
    testOptimizer(settling === null ? { name, optimizer } : { name, optimizer, settling }, {
      describe,
      test,
    });
  }

/** A method whose step is as long as it is said, with one that is long at first and ends at 0. */
function settlingStepper(
  { name, options }: (typeof optimizers.members)[number],
  example: object,
): Stepper | null {
  if (!Object.hasOwn(options, "learningRate")) return null;
  const all = { learningRate: 0.1, otherRate: 0.1, weightDecay: 0 };
  const own = Object.entries(all).filter(([option]) => Object.hasOwn(options, option));
  // An average of iterates settles by itself.
  const schedule = name === "schedule-free" ? {} : { type: "cosine", steps: settlingRounds };
  const chosen = { type: name, ...example, ...Object.fromEntries(own), schedule };
  return optimizers.create(chosen) as Stepper;
}

describe("the two-loop recursion", () => {
  // B <- V'BV + uu'/(r'u), V = I - r u'/(r'u), from B0 = (u'r / r'r) I of the newest pair.
  test.each([1, 3, 10])("is the BFGS matrix times -g, over the last %i pairs", (memoryPairs) => {
    const optimizer = optimizers.create({
      type: "l-bfgs",
      memory: memoryPairs,
    } as never) as Searcher;
    const random = randomFrom(7);
    const h = curvature();
    let memory = optimizer.start();
    const pairs: CurvaturePair[] = [];
    for (let round = 0; round < 14; round++) {
      const change = normals(random);
      const pair = { change, response: times(h, change) };
      pairs.push(pair);
      memory = optimizer.remember(memory, pair);
      expect((memory as { pairs: unknown[] }).pairs).toHaveLength(Math.min(round + 1, memoryPairs));
      const gradient = normals(random);
      const expected = times(inverseHessian(pairs.slice(-memoryPairs)), gradient);
      const direction = optimizer.direction(memory, gradient);
      for (const [j, value] of expected.entries())
        expect(Math.abs(direction[j]! + value)).toBeLessThan(1e-9 * norm(expected));
    }
  });
});

/** BFGS on dense matrices, oldest pair first. */
function inverseHessian(pairs: readonly CurvaturePair[]): DenseMatrix {
  const { change: u0, response: r0 } = pairs.at(-1)!;
  const start = dot(u0, r0) / dot(r0, r0);
  let b = matrix(bowlSize, bowlSize, (i, j) => (i === j ? start : 0));
  for (const { change: u, response: r } of pairs) {
    const ru = dot(r, u);
    const v = matrix(bowlSize, bowlSize, (i, j) => (i === j ? 1 : 0) - (r[i]! * u[j]!) / ru);
    const left = matrix(bowlSize, bowlSize, (i, j) => v.values[j * bowlSize + i]!);
    const turned = product(left, product(b, v));
    b = matrix(
      bowlSize,
      bowlSize,
      (i, j) => turned.values[i * bowlSize + j]! + (u[i]! * u[j]!) / ru,
    );
  }
  return b;
}
