import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { transformerDefinition } from "../../src/tfjs/transformer/transformer-definition.ts";
import {
  openTranslator,
  type TokenRows,
  type Translator,
} from "../../src/tfjs/transformer/translator.ts";

const sizes = { tokens: 9, width: 8, heads: 2, layers: 2, hidden: 8, dropout: 0 };
const table = (...sentences: number[][]): TokenRows => ({
  rows: sentences.length,
  length: sentences[0]!.length,
  tokens: Int32Array.from(sentences.flat()),
});

let translator: Translator;
let weights: Float32Array<ArrayBuffer>;
beforeAll(async () => {
  const { bytes, key } = await transformerDefinition(sizes, "wasm");
  translator = await openTranslator(bytes, key, { backend: "wasm", sizes });
  weights = translator.initial(randomFrom(3));
});

const source = table([4, 5, 6, 2], [7, 2, 0, 0]);
const told = table([1, 5, 6], [1, 8, 4]);

function at(scores: Float32Array, row: number, position: number, length = 3): number[] {
  const from = (row * length + position) * sizes.tokens;
  return [...scores.subarray(from, from + sizes.tokens)];
}

function expectNear(a: readonly number[], b: readonly number[]): void {
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i]!, 4);
}

describe("the Transformer", () => {
  test("a position sees no later target, but all of the source that is no padding", () => {
    const whole = translator.scores(source, told, weights);
    const later = translator.scores(source, table([1, 5, 8], [1, 8, 8]), weights);
    for (const row of [0, 1]) {
      for (const position of [0, 1]) expectNear(at(later, row, position), at(whole, row, position));
      expect(at(later, row, 2)).not.toEqual(at(whole, row, 2));
    }
    const other = translator.scores(table([4, 5, 8, 2], [7, 2, 0, 0]), told, weights);
    expect(Math.abs(at(other, 0, 0)[4]! - at(whole, 0, 0)[4]!)).toBeGreaterThan(1e-3);
    expectNear(at(other, 1, 2), at(whole, 1, 2));
    // The same without the padding, and without the other sentence.
    const alone = translator.scores(table([7, 2]), table([1, 8, 4]), weights);
    expectNear(at(alone, 0, 2), at(whole, 1, 2));
  });

  test("the order of the source counts", () => {
    const turned = translator.scores(table([6, 5, 4, 2], [7, 2, 0, 0]), told, weights);
    const whole = translator.scores(source, told, weights);
    expect(Math.abs(at(turned, 0, 1)[4]! - at(whole, 0, 1)[4]!)).toBeGreaterThan(1e-3);
  });

  test("read once and told token by token it says what it says at once", () => {
    const whole = translator.scores(source, told, weights);
    const before = memory().numTensors;
    const reading = translator.read(source, weights);
    // As a beam goes on: whose prefix it is, and which of the step before, change.
    const steps = [
      { rows: [1, 0, 1], parents: [0, 0, 0] },
      { rows: [0, 1, 1, 0], parents: [1, 2, 0, 1] },
      { rows: [1, 0], parents: [2, 3] },
    ];
    for (const [position, { rows, parents }] of steps.entries()) {
      const tokens = rows.map((row) => told.tokens[3 * row + position]!);
      const next = reading.next(tokens, rows, parents);
      for (const [i, row] of rows.entries())
        expectNear(at(next, i, 0, 1), at(whole, row, position));
    }
    reading.close();
    expect(memory().numTensors).toBe(before);
  });

  test("has one table for source, target and output, begun as published", () => {
    expect(translator.weightsLength).toBe(weights.length);
    const attention = 4 * 8 * 8;
    const [norm, forward] = [2 * 8, 8 * 8 + 8 + 8 * 8 + 8];
    const encoder = attention + forward + 2 * norm;
    const decoder = 2 * attention + forward + 3 * norm;
    expect(weights.length).toBe(9 * 8 + 2 * (encoder + decoder));
    const rows = weights.subarray(0, 9 * 8);
    const mean = rows.reduce((sum, value) => sum + value * value, 0) / rows.length;
    expect(mean).toBeGreaterThan(0.5 / 8);
    expect(mean).toBeLessThan(2 / 8);
    expect(translator.initial(randomFrom(3))).toEqual(weights);
  });
});
