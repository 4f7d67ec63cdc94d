import * as tf from "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { clipFactor } from "../../src/math/vector.ts";
import { summationSensitivity } from "../../src/privacy/calibrate-sums.ts";
import { openTensorBackend } from "../../src/tfjs/backend.ts";
import { examplesOf } from "../problems/networks.ts";
import { engineOf } from "./models.ts";

beforeAll(async () => {
  await openTensorBackend("wasm");
});

/** A double as a whole number of 2^-400, without rounding. */
const wholeOf = (value: number) => BigInt(value * 2 ** 400);

/** The exact square of the norm of numbers times a factor, in units of 2^-1600. */
function exactSquare(values: Iterable<number>, factor = 1): bigint {
  let sum = 0n;
  const scale = wholeOf(factor);
  for (const value of values) sum += (wholeOf(value) * scale) ** 2n;
  return sum;
}

const isAbove = (square: bigint, norm: number) => square > (wholeOf(norm) * wholeOf(1)) ** 2n;

/** A norm as floats would add it up. */
function floatNorm(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values)
    sum = Math.fround(sum + Math.fround(Math.fround(value) * Math.fround(value)));
  return Math.fround(Math.sqrt(sum));
}

function doubleNorm(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

test("a norm that rounds to the clip counts as the most it may be: no factor lets it over", () => {
  const random = randomFrom("norms");
  let overWithout = 0;
  for (let trial = 0; trial < 300; trial++) {
    const row = Float64Array.from({ length: 40 }, () => Math.fround(random.normal()));
    const length = doubleNorm(row);
    // What the plain quotient would leave as it is, and may be longer than its norm was told.
    if (isAbove(exactSquare(row, Math.min(1, length / length)), length)) overWithout++;
    for (const clip of [length, 0.7 * length, length / 1_000])
      expect(isAbove(exactSquare(row, clipFactor(length, row.length, clip)), clip)).toBe(false);
  }
  expect(overWithout).toBeGreaterThan(50);
});

test("a record whose norm of floats is below the clip moves a sum by what is charged", async () => {
  const { layers } = tf;
  const model = tf.sequential({
    layers: [
      layers.dense({ units: 6, activation: "relu", inputShape: [7] }),
      layers.dense({ units: 5, activation: "softmax" }),
    ],
  });
  const engine = await engineOf(model, "wasm", "auto");
  const weights = engine.initial(randomFrom("start"));
  let overWithout = 0;
  for (let trial = 0; trial < 60; trial++) {
    const examples = examplesOf(1, 7, (random) => random.integer(5));
    const shift = randomFrom(`row ${trial}`);
    for (let j = 0; j < 7; j++) examples.rows.values[j]! += shift.normal();
    // With no clip in reach: products of two floats, which doubles hold without rounding.
    const whole = new Float64Array(weights.length);
    engine.addClipped(examples, weights, 1e9, whole);
    const clip = floatNorm(whole);
    const charged = clip + summationSensitivity(1, 1, clip) / 2;
    const clipped = new Float64Array(weights.length);
    engine.addClipped(examples, weights, clip, clipped);
    expect(isAbove(exactSquare(clipped), charged)).toBe(false);
    // Clipped by its norm of floats, it would be left as it is.
    if (isAbove(exactSquare(whole), charged)) overWithout++;
  }
  expect(overWithout).toBeGreaterThan(10);
});
