import { expect, test } from "vitest";
import { fromLog8, log8Error, toLog8 } from "../../src/compression/codes.ts";
import { decompress } from "../../src/compression/payload.ts";
import { compressors } from "../../src/compression/registry.ts";
import { randomFrom } from "../../src/core/random.ts";

test("every code is the nearest of its own number, and they grow by an eighth of an octave", () => {
  for (let code = 0; code < 256; code++) expect(toLog8(fromLog8(code))).toBe(code);
  for (let code = 1; code < 255; code++)
    expect(fromLog8(code + 1) / fromLog8(code)).toBeCloseTo(2 ** (1 / 8), 6);
  expect([fromLog8(0), fromLog8(192), fromLog8(200), fromLog8(188)]).toEqual([
    0,
    1,
    2,
    Math.fround(Math.SQRT1_2),
  ]);
});

test("numbers within range are at most half a step off, and others have no code", () => {
  expect(log8Error).toBeCloseTo(0.0442737824, 9);
  const random = randomFrom(1);
  for (let i = 0; i < 1_000; i++) {
    const value = 2 ** (31 * random.uniform() - 23.5);
    const error = Math.abs(fromLog8(toLog8(value)!) / value - 1);
    expect(error).toBeLessThanOrEqual(log8Error + 1e-7);
  }
  expect([1e-8, 300, Number.MIN_VALUE].map(toLog8)).toEqual([null, null, null]);
});

test("a scale out of range travels as float32, and one within range takes three bytes less", () => {
  const exact = compressors.create({ type: "sign-top-k", k: 2 } as never);
  const rough = compressors.create({ type: "sign-top-k", k: 2, scale: "byte" } as never);
  for (const [size, saved] of [
    [1, 3],
    [1e-9, 0],
    [1e5, 0],
  ] as const) {
    const vector = Float32Array.of(0, size, 0, 0, -size, 0);
    const bytes = rough.compress(vector, randomFrom(1));
    expect(exact.compress(vector, randomFrom(1)).length - bytes.length).toBe(saved);
    expect(decompress(bytes, 6)).toEqual(vector);
  }
});
