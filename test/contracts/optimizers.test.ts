import { describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { addScaled, dot, norm } from "../../src/math/vector.ts";
import type { CurvaturePair, Memory, Searcher } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { fromPacket, toPacket } from "../../src/wire/packet.ts";
import { curvature, gradientAt, height, normals, size, times } from "./bowl.ts";
import { type Matrix, matrix, product } from "./dense.ts";

const examples = optimizers.members.flatMap((member) =>
  member.examples.map((example) => ({
    name: `${member.name} ${JSON.stringify(example)}`,
    optimizer: optimizers.create({ type: member.name, ...example }),
  })),
);
const searchers = examples.flatMap(({ name, optimizer }) =>
  optimizer.searches ? [{ name, optimizer }] : [],
);

describe.each(searchers)("$name searches", ({ optimizer }) => {
  const h = curvature();

  test("the direction descends, whatever is remembered", () => {
    const random = randomFrom(1);
    let memory = optimizer.start();
    for (let round = 0; round < 30; round++) {
      const gradient = normals(random);
      expect(dot(optimizer.direction(memory, gradient), gradient)).toBeLessThan(0);
      memory = optimizer.remember(memory, pairOf(h, normals(random)));
    }
  });

  test("inputs are left alone and the same inputs give the same bits", () => {
    const random = randomFrom(2);
    let memory = optimizer.start();
    for (let round = 0; round < 12; round++) {
      const [pair, gradient] = [pairOf(h, normals(random)), normals(random)];
      const before = structuredClone({ memory, pair, gradient });
      const next = optimizer.remember(memory, pair);
      const direction = optimizer.direction(memory, gradient);
      expect({ memory, pair, gradient }).toEqual(before);
      expect(optimizer.direction(memory, gradient)).toEqual(direction);
      expect(optimizer.remember(memory, pair)).toEqual(next);
      memory = next;
    }
  });

  test("memory survives a checkpoint before every step, bit for bit", () => {
    const random = randomFrom(3);
    let [kept, restored] = [optimizer.start(), optimizer.start()];
    for (let round = 0; round < 12; round++) {
      const [pair, gradient] = [pairOf(h, normals(random)), normals(random)];
      kept = optimizer.remember(kept, pair);
      restored = fromPacket<Memory>(toPacket(optimizer.remember(restored, pair)));
      expect(restored).toEqual(kept);
      expect(optimizer.direction(restored, gradient)).toEqual(optimizer.direction(kept, gradient));
    }
  });

  test("what it remembers counts: pairs change the direction", () => {
    const gradient = normals(randomFrom(4));
    const without = optimizer.direction(optimizer.start(), gradient);
    const pair = pairOf(h, normals(randomFrom(5)));
    const memory = optimizer.remember(optimizer.start(), pair);
    expect(optimizer.direction(memory, gradient)).not.toEqual(without);
  });

  test("pairs without curvature do not spoil the next direction", () => {
    const gradient = normals(randomFrom(4));
    for (const pair of uselessPairs()) {
      const direction = optimizer.direction(optimizer.remember(optimizer.start(), pair), gradient);
      expect(direction.every(Number.isFinite)).toBe(true);
      expect(dot(direction, gradient)).toBeLessThan(0);
    }
  });

  test("it finds the bottom of a bowl, down all the way", () => {
    const target = normals(randomFrom(6));
    const heights = search(optimizer, h, target);
    for (let i = 1; i < heights.length; i++)
      expect(heights[i]!).toBeLessThanOrEqual(heights[i - 1]! * (1 + 1e-12) + 1e-20);
    expect(heights.at(-1)!).toBeLessThan(1e-8 * heights[0]!);
  });

  test("missing slots never lengthen what is taken of a step", () => {
    const taken = [0.25, 0.5, 0.75, 1].map((share) => optimizer.backOff(share));
    expect(taken[0]).toBeGreaterThan(0);
    expect(taken).toEqual([...taken].sort((a, b) => a - b));
    expect(optimizer.backOff(1)).toBe(1);
  });
});

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
      const pair = pairOf(h, normals(random));
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

/** f(w) - f(w*) round by round, as a run with every slot present goes. */
function search(optimizer: Searcher, h: Matrix, target: Float64Array<ArrayBuffer>): number[] {
  let weights = new Float64Array(size);
  let memory = optimizer.start();
  const heights = [height(h, weights, target)];
  for (let round = 0; round < 400 && heights.at(-1)! > 1e-20; round++) {
    const gradient = gradientAt(h, weights, target);
    const direction = optimizer.direction(memory, gradient);
    const exact = -dot(direction, gradient) / dot(direction, times(h, direction));
    const next = addScaled(weights.slice(), optimizer.backOff(1) * exact, direction);
    const change = next.map((value, j) => value - weights[j]!);
    memory = optimizer.remember(memory, { change, response: times(h, change) });
    weights = next;
    heights.push(height(h, weights, target));
  }
  return heights;
}

/** BFGS on dense matrices, oldest pair first. */
function inverseHessian(pairs: readonly CurvaturePair[]): Matrix {
  const { change: u0, response: r0 } = pairs.at(-1)!;
  const start = dot(u0, r0) / dot(r0, r0);
  let b = matrix(size, size, (i, j) => (i === j ? start : 0));
  for (const { change: u, response: r } of pairs) {
    const ru = dot(r, u);
    const v = matrix(size, size, (i, j) => (i === j ? 1 : 0) - (r[i]! * u[j]!) / ru);
    const left = matrix(size, size, (i, j) => v.values[j * size + i]!);
    const turned = product(left, product(b, v));
    b = matrix(size, size, (i, j) => turned.values[i * size + j]! + (u[i]! * u[j]!) / ru);
  }
  return b;
}

function* uselessPairs(): Generator<CurvaturePair> {
  const some = normals(randomFrom(8));
  const zero = new Float64Array(size);
  yield { change: zero, response: zero };
  yield { change: some, response: zero };
  yield { change: some, response: some.map((value) => -value) };
  yield { change: some, response: some.map(() => Number.NaN) };
}

function pairOf(h: Matrix, change: Float64Array<ArrayBuffer>): CurvaturePair {
  return { change, response: times(h, change) };
}
