import * as tf from "@tensorflow/tfjs-core";
import * as z from "zod";
import { randomFrom } from "../../src/core/random.ts";
import { type Adaptive, stepperOf } from "../../src/optimizers/adaptive/adaptive.ts";
import { advance, beforeFirst } from "../../src/optimizers/adaptive/core.ts";
import { mada } from "../../src/optimizers/adaptive/mada/mada.ts";
import { adaptives } from "../../src/optimizers/adaptive/registry.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import * as kofn from "../../src/tfjs/optimizers/public.ts";
import { handOver } from "../hand-over.ts";

/**
 * What a step costs on the weights of a 784-128-10 network: the core alone, with the copy of its
 * memory that a run keeps, and as a TensorFlow.js optimizer beside TensorFlow.js's own; the best of
 * several hundred milliseconds, and what is remembered for each weight.
 */
const tensors = [
  { name: "first/kernel", shape: [784, 128] },
  { name: "first/bias", shape: [128] },
  { name: "last/kernel", shape: [128, 10] },
  { name: "last/bias", shape: [10] },
];
const sizes = tensors.map(({ shape }) => shape.reduce((product, side) => product * side, 1));
const length = sizes.reduce((sum, size) => sum + size, 0);
const random = randomFrom("optimizers");
const normals = (scale: number) =>
  Float64Array.from({ length }, () => Math.fround(scale * random.normal()));
const start = normals(0.1);
const gradient = normals(0.01);
const measureMs = Number(process.argv[2] ?? 400);

await openTensorBackend("wasm");
console.log(`${length} weights${" ".repeat(12)}slots   core ms    run ms  tfjs (wasm) ms`);
const results: object[] = [];
for (const one of adaptives) report(one.name, one, {});
report("mada, frozen", mada, { freeze: "all" });
for (const [name, made] of Object.entries(stock())) {
  const ms = applying(made);
  console.log(`${name.padEnd(45)}${ms.toFixed(2).padStart(16)}`);
  results.push({ name, tfjsMs: ms });
}
handOver({ bench: "optimizers", length, results });

function report(name: string, one: Adaptive, options: object): void {
  const parsed = z.strictObject(one.options).parse(options);
  const method = one.method(parsed);
  const weights = start.slice();
  const asked = method.core.asksAhead ? weights.slice() : weights;
  let state = beforeFirst;
  const coreMs = best(() => {
    state = advance(method, state, { weights, asked, gradient, rate: 1e-3, tensors });
  });
  const stepper = stepperOf(one).create(parsed);
  let memory = stepper.start();
  const here = { weights: Float32Array.from(start), asked: Float32Array.from(start) };
  const runMs = best(() => {
    const told = { ...here, gradient, stepSize: 1e-3, tensors, shrink: (point: never) => point };
    memory = stepper.move(memory, told).memory;
  });
  const maker = (kofn as unknown as Makers)[camel(one.name)]!;
  const tfjsMs = applying(maker(options));
  const slots = Object.keys(state.slots).length;
  const cells = [coreMs, runMs].map((ms) => ms.toFixed(2).padStart(10)).join("");
  const first = `${name.padEnd(20)}${String(slots).padStart(10)}`;
  console.log(`${first}${cells}${tfjsMs.toFixed(2).padStart(16)}`);
  results.push({ name, slots, coreMs, runMs, tfjsMs });
}

type Makers = Readonly<Record<string, (options: object) => tf.Optimizer>>;

function camel(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function stock(): Readonly<Record<string, tf.Optimizer>> {
  return {
    "tf.train.sgd": tf.train.sgd(1e-3),
    "tf.train.momentum": tf.train.momentum(1e-3, 0.9),
    "tf.train.adam": tf.train.adam(1e-3),
  };
}

function applying(optimizer: tf.Optimizer): number {
  let at = 0;
  const made = tensors.map(({ shape }, i) => {
    const end = at + sizes[i]!;
    const tensors = [start, gradient].map((all) =>
      tf.tensor(Float32Array.from(all.subarray(at, end)), shape),
    );
    at = end;
    return { variable: tf.variable(tensors[0]!), tensors };
  });
  const grads = made.map(({ variable, tensors }) => ({ name: variable.name, tensor: tensors[1]! }));
  const read = made[3]!.variable;
  const ms = best(() => {
    optimizer.applyGradients(grads);
    read.dataSync();
  });
  for (const { variable, tensors } of made)
    for (const tensor of [variable, ...tensors]) tensor.dispose();
  optimizer.dispose();
  return ms;
}

function best(work: () => void): number {
  let bestMs = Number.POSITIVE_INFINITY;
  const endMs = performance.now() + measureMs;
  for (let from = performance.now(); from < endMs; from = performance.now()) {
    work();
    bestMs = Math.min(bestMs, performance.now() - from);
  }
  return bestMs;
}
