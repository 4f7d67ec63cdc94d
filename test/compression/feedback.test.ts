import { describe, expect, test } from "vitest";
import { perTensor } from "../../src/compression/compressor.ts";
import { compressUpdate } from "../../src/compression/feedback.ts";
import { decompress } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";

const length = 50;
const biased = [
  { type: "top-k", k: 3 },
  { type: "sign-top-k", k: 3 },
  { type: "q-top-k", k: 5, levels: 4 },
  { type: "sign" },
  { type: "random-k", k: "10%" },
  { type: "rotated", levels: 3 },
];

describe.each(biased)("$type", (config) => {
  const compressor = compressors.create(config);

  test("all that was sent and the memory are all that was to be sent, to 1e-12", () => {
    const random = randomFrom(1);
    const wanted = new Float64Array(length);
    const sent = new Float64Array(length);
    let memory: Float64Array | null = null;
    for (let step = 0; step < 100; step++) {
      const vector = Float64Array.from({ length }, () => random.normal());
      const outcome = compressUpdate(
        { compressor, feedback: "error-feedback" },
        vector,
        memory,
        random.fork(String(step)),
      );
      memory = outcome.memory;
      expect(decompress(outcome.payload, length)).toEqual(outcome.told);
      for (let i = 0; i < length; i++) {
        wanted[i]! += vector[i]!;
        sent[i]! += outcome.told[i]!;
      }
    }
    for (let i = 0; i < length; i++) {
      const size = Math.max(1, Math.abs(wanted[i]!));
      expect(Math.abs(sent[i]! + memory![i]! - wanted[i]!)).toBeLessThan(1e-12 * size);
    }
  });

  test("EF21 comes to know a vector that stands still", () => {
    const vector = Float64Array.from({ length }, (_, i) => Math.sin(i) * (i % 7));
    let memory: Float64Array | null = null;
    for (let step = 0; step < 400; step++) {
      const random = randomFrom(step);
      memory = compressUpdate({ compressor, feedback: "ef21" }, vector, memory, random).memory;
    }
    for (let i = 0; i < length; i++) expect(Math.abs(memory![i]! - vector[i]!)).toBeLessThan(1e-5);
  });
});

test("without feedback nothing is remembered", () => {
  const compressor = compressors.create({ type: "top-k", k: 1 } as never);
  const vector = Float64Array.of(1, 2, 3);
  const { memory, told } = compressUpdate(
    { compressor, feedback: "none" },
    vector,
    null,
    randomFrom(1),
  );
  expect(memory).toBeNull();
  expect(told).toEqual(Float32Array.of(0, 0, 3));
});

test("pieces are compressed each by itself, by the least of their contractions", () => {
  const pieces = [{ shape: [2, 3] }, { shape: [2] }];
  const compressor = perTensor(compressors.create({ type: "top-k", k: 1 } as never), pieces);
  const vector = Float32Array.of(9, 8, 7, 6, 5, 4, 0.1, -0.2);
  expect(decompress(compressor.compress(vector, randomFrom(1)), 8)).toEqual(
    Float32Array.of(9, 0, 0, 0, 0, 0, 0, -0.2),
  );
  expect(compressor.contraction(8)).toBeCloseTo(1 / 6, 12);
});

test("PowerSGD keeps a matrix of its rank", () => {
  const random = randomFrom(2);
  const [left, right] = [new Float64Array(20), new Float64Array(30)].map((side) =>
    side.map(() => random.normal()),
  ) as [Float64Array, Float64Array];
  const matrix = Float32Array.from({ length: 150 }, (_, at) => {
    const [i, j] = [Math.floor(at / 15), at % 15];
    return left[2 * i]! * right[2 * j]! + left[2 * i + 1]! * right[2 * j + 1]!;
  });
  const power = compressors.create({ type: "power", rank: 2 } as never);
  const payload = power.compress(matrix, random, [10, 15]);
  expect(payload.length).toBeLessThan(4 * (2 * 25) + 16);
  const back = decompress(payload, 150);
  for (const [at, value] of back.entries()) expect(value).toBeCloseTo(matrix[at]!, 4);
});
