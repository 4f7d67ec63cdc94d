import assert from "node:assert/strict";
import { randomFrom } from "../core/random.ts";
import { addScaled, dot } from "../math/vector.ts";
import type {
  CurvaturePair,
  Memory,
  Optimizer,
  Searcher,
  Standing,
  Stepper,
} from "../optimizers/optimizer.ts";
import { softThreshold } from "../problems/penalty.ts";
import { fromPacket, toPacket } from "../wire/packet.ts";
import { bowlGradient, bowlSize, curvature, height, normals, times } from "./bowl.ts";
import type { DenseMatrix } from "./dense.ts";
import { eigenvalues } from "./eigenvalues.ts";
import { above, atMost, below, type Laws, type TestRunner, testLaws } from "./laws.ts";

/** Somebody's optimizer. */
export interface OptimizerUnderTest<Of extends Optimizer = Optimizer> {
  readonly name: string;
  readonly optimizer: Of;
  /**
   * For a stepper with a learning rate: the same with one that falls to nothing over
   * `settlingRounds` rounds. On its way it may also rise.
   */
  readonly settling?: Stepper;
}

/** Rounds in which a stepper finds the bottom of a bowl. */
export const settlingRounds = 600;

/**
 * The contract of an optimizer, as tests: inputs are left alone, memory survives a checkpoint, and
 * with every slot present the bottom of a bowl is found.
 */
export function testOptimizer(member: OptimizerUnderTest, runner: TestRunner): void {
  const { name, optimizer } = member;
  if (optimizer.searches)
    testLaws(runner, `${name} optimizer`, searcherLaws, { ...member, optimizer });
  else testLaws(runner, `${name} optimizer`, stepperLaws, { ...member, optimizer });
}

const searcherLaws: Laws<OptimizerUnderTest<Searcher>> = {
  "descends, whatever it remembers"({ optimizer }) {
    const h = curvature();
    const random = randomFrom(1);
    let memory = optimizer.start();
    for (let round = 0; round < 30; round++) {
      const gradient = normals(random);
      below(dot(optimizer.direction(memory, gradient), gradient), 0, "direction times gradient");
      memory = optimizer.remember(memory, pairOf(normals(random), h));
    }
  },

  "leaves its inputs alone, and gives the same bits again"({ optimizer }) {
    const h = curvature();
    const random = randomFrom(2);
    let memory = optimizer.start();
    for (let round = 0; round < 12; round++) {
      const [pair, gradient] = [pairOf(normals(random), h), normals(random)];
      const before = structuredClone({ memory, pair, gradient });
      const next = optimizer.remember(memory, pair);
      const direction = optimizer.direction(memory, gradient);
      assert.deepEqual({ memory, pair, gradient }, before);
      assert.deepEqual(optimizer.direction(memory, gradient), direction);
      assert.deepEqual(optimizer.remember(memory, pair), next);
      memory = next;
    }
  },

  "keeps its memory through a checkpoint at every step, bit for bit"({ optimizer }) {
    const h = curvature();
    const random = randomFrom(3);
    let [kept, restored] = [optimizer.start(), optimizer.start()];
    for (let round = 0; round < 12; round++) {
      const [pair, gradient] = [pairOf(normals(random), h), normals(random)];
      kept = optimizer.remember(kept, pair);
      restored = fromPacket<Memory>(toPacket(optimizer.remember(restored, pair)));
      assert.deepEqual(restored, kept);
      assert.deepEqual(
        optimizer.direction(restored, gradient),
        optimizer.direction(kept, gradient),
      );
    }
  },

  "goes by what it remembers: pairs change the direction"({ optimizer }) {
    const gradient = normals(randomFrom(4));
    const without = optimizer.direction(optimizer.start(), gradient);
    const pair = pairOf(normals(randomFrom(5)), curvature());
    const memory = optimizer.remember(optimizer.start(), pair);
    assert.notDeepEqual(optimizer.direction(memory, gradient), without);
  },

  "is not spoiled by pairs without curvature"({ optimizer }) {
    const gradient = normals(randomFrom(4));
    for (const pair of uselessPairs()) {
      const direction = optimizer.direction(optimizer.remember(optimizer.start(), pair), gradient);
      assert(direction.every(Number.isFinite));
      below(dot(direction, gradient), 0, "direction times gradient");
    }
  },

  "finds the bottom of a bowl, down all the way"({ optimizer }) {
    const heights = search(optimizer);
    for (let i = 1; i < heights.length; i++)
      atMost(heights[i]!, heights[i - 1]! * (1 + 1e-12) + 1e-20, `the height of step ${i}`);
    below(heights.at(-1)!, 1e-8 * heights[0]!, "the last height");
  },

  "takes no more of a step where slots are missing"({ optimizer }) {
    ascends([0.25, 0.5, 0.75, 1].map((share) => optimizer.backOff(share)));
    assert.equal(optimizer.backOff(1), 1);
  },
};

const l1 = 0.8;
const smooth: Standing["shrink"] = (point) => point;
const sparse: Standing["shrink"] = (point, stepSize) =>
  softThreshold(l1, stepSize, { columns: bowlSize, intercept: false }, point);

const stepperLaws: Laws<OptimizerUnderTest<Stepper>> = {
  "leaves its inputs alone, and keeps its memory through a checkpoint at every step"(member) {
    const { optimizer } = member;
    const random = randomFrom(2);
    let [kept, restored] = [optimizer.start(), optimizer.start()];
    for (let round = 0; round < 12; round++) {
      const [weights, asked] = [normals(random), normals(random)].map((v) => Float32Array.from(v));
      const here = { weights: weights!, asked: asked!, gradient: normals(random), stepSize: 0.1 };
      const before = structuredClone({ here, kept });
      const moved = optimizer.move(kept, { ...here, shrink: smooth });
      assert.deepEqual({ here, kept }, before);
      const again = optimizer.move(restored, { ...here, shrink: smooth });
      assert.deepEqual(again, moved);
      kept = moved.memory;
      restored = fromPacket<Memory>(toPacket(again.memory));
      assert.deepEqual(restored, kept);
    }
  },

  "finds the bottom of a bowl, without a learning rate and momentum down all the way"(member) {
    const { optimizer, settling } = member;
    const { gaps, looksAhead } = descent(settling ?? optimizer);
    below(gaps.at(-1)!, (settling === undefined ? 1e-8 : 1e-4) * gaps[0]!, "the last height");
    if (settling !== undefined || looksAhead) return;
    for (let i = 1; i < gaps.length; i++)
      atMost(gaps[i]!, gaps[i - 1]! * (1 + 1e-6) + 1e-12, `the height of step ${i}`);
  },

  "is proximal exactly if it finds the bottom under an l1 penalty"({ optimizer }) {
    const { h, target } = bowl();
    const weights = walk(optimizer, sparse).path.at(-1)!;
    const gradient = bowlGradient(h, weights, target);
    // 0 lies in the subdifferential: g_j = -l1 sign(w_j), or |g_j| <= l1 where w_j = 0.
    const off = Array.from(gradient, (slope, j) =>
      weights[j] === 0
        ? Math.max(0, Math.abs(slope) - l1)
        : Math.abs(slope + l1 * Math.sign(weights[j]!)),
    );
    assert.equal(Math.max(...off) < 1e-4, optimizer.proximal);
    if (optimizer.proximal) above(weights.filter((weight) => weight === 0).length, 0, "zeros");
  },

  "takes no longer steps where slots are missing, and the safe one is the share over L"(member) {
    const { optimizer } = member;
    const { smoothness } = bowl();
    ascends([0.25, 0.5, 0.75, 1].map((share) => optimizer.stepSize({ smoothness, share })));
    if (!optimizer.needsCurvature) return;
    assert.equal(optimizer.stepSize({ smoothness: 8, share: 1 }), 1 / 8);
    assert.equal(optimizer.stepSize({ smoothness: 8, share: 0.75 }), 0.75 / 8);
  },
};

function ascends(steps: readonly number[]): void {
  above(steps[0]!, 0, "the shortest step");
  for (let i = 1; i < steps.length; i++) atMost(steps[i - 1]!, steps[i]!, "the shorter step");
}

function bowl() {
  const h = curvature();
  return { h, target: normals(randomFrom(6)), smoothness: eigenvalues(h).at(-1)! };
}

/** f(w) - f(w*) round by round, as a run with every slot present goes. */
function search(optimizer: Searcher): number[] {
  const { h, target } = bowl();
  let weights = new Float64Array(bowlSize);
  let memory = optimizer.start();
  const heights = [height(h, weights, target)];
  for (let round = 0; round < 400 && heights.at(-1)! > 1e-20; round++) {
    const gradient = bowlGradient(h, weights, target);
    const direction = optimizer.direction(memory, gradient);
    const exact = -dot(direction, gradient) / dot(direction, times(h, direction));
    const next = addScaled(weights.slice(), optimizer.backOff(1) * exact, direction);
    const change = next.map((value, j) => value - weights[j]!);
    memory = optimizer.remember(memory, pairOf(change, h));
    weights = next;
    heights.push(height(h, weights, target));
  }
  return heights;
}

/** The weights round by round with every slot present, from zero. */
function walk(optimizer: Stepper, shrink: Standing["shrink"]) {
  const { h, target, smoothness } = bowl();
  let [weights, asked] = [new Float32Array(bowlSize), new Float32Array(bowlSize)];
  let memory = optimizer.start();
  let looksAhead = false;
  const path: Float64Array[] = [Float64Array.from(weights)];
  for (let round = 0; round < settlingRounds; round++) {
    const stepSize = optimizer.stepSize({ smoothness, share: 1, round });
    const gradient = bowlGradient(h, Float64Array.from(asked), target);
    const moved = optimizer.move(memory, { weights, asked, gradient, stepSize, shrink });
    weights = Float32Array.from(moved.weights);
    asked = moved.ask === null ? weights : Float32Array.from(moved.ask);
    looksAhead ||= moved.ask !== null;
    memory = moved.memory;
    path.push(moved.weights);
  }
  return { path, looksAhead };
}

/** How high above the bottom each round of a walk is. */
function descent(optimizer: Stepper): { gaps: number[]; looksAhead: boolean } {
  const { h, target } = bowl();
  const { path, looksAhead } = walk(optimizer, smooth);
  return { gaps: path.map((weights) => height(h, weights, target)), looksAhead };
}

function* uselessPairs(): Generator<CurvaturePair> {
  const some = normals(randomFrom(8));
  const zero = new Float64Array(bowlSize);
  yield { change: zero, response: zero };
  yield { change: some, response: zero };
  yield { change: some, response: some.map((value) => -value) };
  yield { change: some, response: some.map(() => Number.NaN) };
}

/** How the gradient of a bowl changes with the weights. */
function pairOf(change: Float64Array<ArrayBuffer>, h: DenseMatrix): CurvaturePair {
  return { change, response: times(h, change) };
}
