import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type AdaptiveOptimizer,
  adam,
  finalState,
  mada,
  muon,
  scheduleFree,
} from "../../../src/tfjs/optimizers/public.ts";
import { compiled, flat, network, reloaded, train } from "./networks.ts";

const starts: Readonly<Record<string, readonly number[]>> = { a: [1, -2, 3], b: [0.5, 0.25] };

beforeEach(async () => {
  await tf.setBackend("cpu");
});

describe("state goes by the names of variables", () => {
  test("whatever their order, also where it changes on the way", () => {
    const straight = follow(mada({ delay: 0 }), [
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
    const turned = follow(mada({ delay: 0 }), [
      ["a", "b"],
      ["b", "a"],
      ["a", "b"],
    ]);
    for (const name of ["a", "b"])
      for (const [i, value] of straight[name]!.entries())
        expect(turned[name]![i]).toBeCloseTo(value, 6);
  });

  test("a variable that a step leaves out stays where it is, and what is known of it", async () => {
    const [a, b] = [tf.variable(tf.tensor([1, -2])), tf.variable(tf.tensor([0.5]))];
    const optimizer = adam({ learningRate: 0.1 });
    const step = (...names: tf.Variable[]) =>
      tf.tidy(() =>
        optimizer.applyGradients(names.map((one) => ({ name: one.name, tensor: tf.sin(one) }))),
      );
    const known = async (of: tf.Variable) => {
      const told = await optimizer.getWeights();
      const own = told.filter(({ name }) => name.startsWith(`${of.name}/`));
      return [of, ...own.map(({ tensor }) => tensor)].map((tensor) => [...tensor.dataSync()]);
    };
    step(a, b);
    const [ofA, ofB] = [await known(a), await known(b)];
    step(a);
    expect(await known(b)).toEqual(ofB);
    expect(await known(a)).not.toEqual(ofA);
    step(b, a);
    expect(await known(b)).not.toEqual(ofB);
    for (const tensor of [a, b]) tensor.dispose();
  });
});

describe("what was saved", () => {
  test("goes on with another model of the same names, or is refused with the place", async () => {
    const optimizer = adam();
    const model = compiled(await network("told"), optimizer);
    await train(model, 2);
    const told = await optimizer.getWeights();
    expect(told.map(({ name }) => name).slice(0, 3)).toEqual([
      "iter",
      "told_first/kernel/m",
      "told_first/kernel/v",
    ]);
    expect(told[1]!.tensor.shape).toEqual([3, 5, 2]);
    await expect(adam().setWeights(told.slice(1))).rejects.toThrow("not iter");
    await expect(mada().setWeights(told)).rejects.toThrow("setWeights: expected q, 7 numbers");
    await expect(adam().setWeights(told.filter((_, i) => i !== 2))).rejects.toThrow(
      "expected told_first/kernel/v",
    );
    const single = [...told];
    single[1] = { name: told[1]!.name, tensor: tf.zeros([3, 5]) };
    await expect(adam().setWeights(single)).rejects.toThrow("not pairs of int32 words");
    const other = adam();
    await other.setWeights(told);
    const stranger = compiled(await network("stranger"), other);
    await expect(train(stranger, 1)).rejects.toThrow(/nothing was saved .* stranger_first\/kernel/);
    single[1].tensor.dispose();
    model.dispose();
    stranger.dispose();
  });

  test("holds what was learned: without it another path is taken", async () => {
    const optimizer = mada({ delay: 0, hyperLearningRate: 0.1, learningRate: 0.05 });
    const model = compiled(await network("learned"), optimizer);
    await train(model, 5);
    const again = await reloaded(model);
    const learned = (again.optimizer as AdaptiveOptimizer).learned();
    expect(learned).toEqual(optimizer.learned());
    expect(learned.rho).not.toBe(0);
    const frozen = finalState({ learningRate: 0.05 }, learned);
    expect(mada(frozen as object).getConfig()).toMatchObject({ rho: learned.rho, freeze: "all" });
    model.dispose();
    again.dispose();
  });

  test("options survive a saved model, underscores too", async () => {
    const options = { others: ["second_kernel", "a%b"], learningRate: 0.03 };
    const model = compiled(await network("options"), muon(options));
    const again = await reloaded(model);
    expect(again.optimizer.getConfig()).toEqual(muon(options).getConfig());
    model.dispose();
    again.dispose();
  });
});

test("schedule-free shows its averages, and goes on as if it had not", async () => {
  const run = async (shows: boolean) => {
    const optimizer = scheduleFree({ learningRate: 0.1 });
    const model = compiled(await network(`free${shows}`), optimizer);
    await train(model, 5);
    const asked = flat(model);
    if (shows) {
      optimizer.showAverages();
      expect(flat(model)).not.toEqual(asked);
      await expect(train(model, 1)).rejects.toThrow("applyGradients: the variables hold averages");
      await expect(optimizer.getWeights()).rejects.toThrow("the variables hold averages");
      optimizer.goOnTraining();
      expect(flat(model)).toEqual(asked);
    }
    await train(model, 3);
    const end = flat(model);
    model.dispose();
    return end;
  };
  expect(await run(true)).toEqual(await run(false));
});

describe("options", () => {
  test("are checked, with the place and the nearest name", () => {
    expect(() => mada({ beta4: 1 } as object)).toThrow("mada.beta4: unknown key");
    expect(() => mada({ hyperLearningRate: { rhp: 1 } } as object)).toThrow(/mada\.hyperLearning/);
    expect(() => mada({ beta2: 0.99999 })).toThrow(/mada\.beta2: .*0\.9999.*, got 0\.99999/);
    expect(() => adam({ schedule: { type: "cosine" } })).toThrow("adam.schedule: cosine needs");
    try {
      mada({ beta4: 1 } as object);
    } catch (thrown) {
      expect((thrown as { hint: string }).hint).toContain("beta1, beta2, beta3");
    }
  });

  test("a gradient for a variable that is gone is refused by name", () => {
    const tensor = tf.zeros([2]);
    expect(() => adam().applyGradients({ ghost: tensor })).toThrow("no variable is called ghost");
    tensor.dispose();
  });
});

test("importing kofn/tfjs brings in the methods and nothing else of kofn", () => {
  const from = fileURLToPath(new URL("../../../src/", import.meta.url));
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    for (const [, path] of text.matchAll(/^(?:import|export)(?! type)[^;]*?"(\.[^"]+)";/gm))
      visit(join(dirname(file), path!));
  };
  visit(join(from, "tfjs/optimizers/public.ts"));
  const folders = new Set([...seen].map((file) => dirname(file.slice(from.length))));
  expect([...folders].sort()).toEqual([
    "core",
    "core/error-codes",
    "math/slices",
    "optimizers/adaptive",
    "optimizers/adaptive/mada",
    "tfjs/optimizers",
  ]);
  expect(seen.size).toBeGreaterThan(20);
});

/** Steps over variables by name, in the order of each step; where they end. */
function follow(
  optimizer: AdaptiveOptimizer,
  steps: readonly (readonly string[])[],
): Record<string, number[]> {
  const suffix = `/${Math.random()}`;
  const variables = Object.fromEntries(
    Object.entries(starts).map(([name, values]) => [
      name,
      tf.variable(tf.tensor([...values]), true, name + suffix),
    ]),
  );
  for (const names of steps) {
    tf.tidy(() =>
      optimizer.applyGradients(
        names.map((name) => ({ name: name + suffix, tensor: tf.sin(variables[name]!) })),
      ),
    );
  }
  const ends = Object.entries(variables).map(([name, variable]) => {
    const values = [...variable.dataSync()];
    variable.dispose();
    return [name, values];
  });
  return Object.fromEntries(ends);
}
