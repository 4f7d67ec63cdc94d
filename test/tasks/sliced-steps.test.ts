import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import { takeLocalSteps } from "../../src/tasks/local-steps.ts";
import { takeSlicedSteps } from "../../src/tasks/sliced-steps.ts";
import { networkOf } from "../problems/networks.ts";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/networks/${name}`, import.meta.url));

/** Users and items, few of them often. */
function pairs(rows: number): Examples {
  const random = randomFrom("pairs");
  const values = Float32Array.from({ length: 2 * rows }, () =>
    Math.floor(30 * random.uniform() ** 2),
  );
  const targets = Float32Array.from({ length: rows }, () => random.normal());
  return { rows: { kind: "dense", rows, columns: 2, values }, targets };
}

// Minibatches, also of no power of two; and all rows, which are several batches of a network's.
test.each([
  ["wasm", 16],
  ["wasm", 27],
  ["wasm", 0],
  ["cpu", 27],
] as const)(
  "on %s, batches of %i: steps by rows are those of all weights",
  async (backend, batch) => {
    const problem = await networkOf(fixture("pairs.ts"), { loss: "meanSquaredError", backend });
    const tensors = problem.parameters!;
    const examples = pairs(300);
    const weights = problem.initial!(randomFrom(3));
    const shape = { columns: weights.length, outputs: 1, hasIntercept: false } as never;
    const rates = Float64Array.of(0.3, 0.2, 1 / 3);
    const task = { id: "", round: 2, slot: 1, weights, rates, batch, seed: 4 };
    const dense = takeLocalSteps(problem, examples, null, { ...task, momentum: 0, shape });
    const before = tf.engine().backend.numDataIds();
    const own = takeSlicedSteps(problem, examples, task)!;
    expect(tf.engine().backend.numDataIds()).toBe(before);
    const { slicedWalk, ...others } = problem;
    const plain = takeSlicedSteps(others, examples, task)!;
    const walk = slicedWalk!(weights);
    expect(walk === null).toBe(backend === "cpu");
    walk?.close();
    expect(own).toEqual(plain);
    expect(own.loss).toBe(dense.loss);
    expect(denseGradient(own.parts, tensors)).toEqual(dense.change);
    expect(own.parts.filter(({ kind }) => kind === "slices").length).toBe(2);
  },
);
