import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { stepperOf } from "../../../src/optimizers/adaptive/adaptive.ts";
import { adaptives } from "../../../src/optimizers/adaptive/registry.ts";
import * as kofn from "../../../src/tfjs/optimizers/public.ts";
import { compiled, flat, network, reloaded, train } from "./networks.ts";

const makers: Readonly<Record<string, (options: object) => kofn.AdaptiveOptimizer>> = {
  ...kofn,
  "schedule-free": kofn.scheduleFree,
} as never;
const cases = adaptives.flatMap((one) =>
  one.examples.map((example) => ({
    name: `${one.name} ${JSON.stringify(example)}`,
    one,
    options: { ...example, learningRate: 0.05 },
    make: () => makers[one.name]!({ ...example, learningRate: 0.05 }),
  })),
);

describe.each(cases)("$name", ({ one, options, make }) => {
  test("trains a network of layers, and leaves no tensor behind", async () => {
    const model = compiled(await network("trained"), make());
    const losses = await train(model, 3);
    const { numTensors } = tf.memory();
    losses.push(...(await train(model, 27)));
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.01);
    model.dispose();
  });

  test("goes on from a saved model bit for bit", async () => {
    const through = compiled(await network("saved"), make());
    await train(through, 6);
    const before = tf.memory().numTensors;
    await (through.optimizer as kofn.AdaptiveOptimizer).getWeights();
    const saved = tf.memory().numTensors;
    await (through.optimizer as kofn.AdaptiveOptimizer).getWeights();
    // What it told is freed when it is asked again.
    expect(tf.memory().numTensors).toBe(saved);
    expect(saved).toBeGreaterThan(before);
    const again = await reloaded(through);
    expect(flat(again)).toEqual(flat(through));
    await train(through, 5);
    await train(again, 5);
    expect(flat(again)).toEqual(flat(through));
    expect((again.optimizer as kofn.AdaptiveOptimizer).learned()).toEqual(
      (through.optimizer as kofn.AdaptiveOptimizer).learned(),
    );
    through.dispose();
    again.dispose();
  });

  test("makes the very steps of a run's stepper", async () => {
    await tf.setBackend("cpu");
    const stepper = stepperOf(one).create(z.strictObject(one.options).parse(options));
    const tensors = [
      { name: "a/kernel", shape: [3, 2] },
      { name: "a/bias", shape: [2] },
    ];
    const optimizer = make();
    const starts = [Float32Array.of(1, -2, 0.5, 0.25, 0.1, 3), Float32Array.of(0.3, -0.1)];
    const variables = tensors.map(({ name, shape }, i) =>
      tf.variable(tf.tensor(starts[i]!, shape), true, `${name}${Math.random()}`),
    );
    let weights = Float32Array.of(...starts[0]!, ...starts[1]!);
    let asked = weights;
    let memory = stepper.start();
    for (let round = 0; round < 8; round++) {
      const gradient = new Float64Array(asked.map((value, i) => value * (1 + i) - Math.sin(round)));
      const rounded = Float64Array.from(Float32Array.from(gradient));
      const stepSize = stepper.stepSize({ smoothness: 1, share: 1, round });
      const here = { weights, asked, gradient: rounded, stepSize, tensors, shrink: refuse };
      const moved = stepper.move(memory, here);
      memory = moved.memory;
      weights = Float32Array.from(moved.weights);
      asked = moved.ask === null ? weights : Float32Array.from(moved.ask);
      tf.tidy(() =>
        optimizer.applyGradients(
          variables.map(({ name, shape, size }, i) => ({
            name,
            tensor: tf.tensor(Float32Array.from(rounded.subarray(6 * i, 6 * i + size)), shape),
          })),
        ),
      );
      const there = variables.flatMap((variable) => [...variable.dataSync()]);
      expect(there).toEqual([...asked]);
    }
    optimizer.showAverages();
    expect(variables.flatMap((variable) => [...variable.dataSync()])).toEqual([...weights]);
    for (const variable of variables) variable.dispose();
  });
});

function refuse(): never {
  throw new Error("nothing to shrink");
}
