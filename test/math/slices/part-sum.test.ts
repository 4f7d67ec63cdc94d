import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { denseGradient, type TensorPart } from "../../../src/math/slices/gradient-part.ts";
import { PartSum } from "../../../src/math/slices/part-sum.ts";
import { normals } from "../kernels/by-hand.ts";

const tensor = { shape: [16_000, 40] };
const [rows, columns] = tensor.shape as [number, number];

/** Some 2,000 rows of 40 numbers, 320 KB, of the first `from` and others. */
function partOf(from: number, seed: string): TensorPart {
  const random = randomFrom(seed);
  const ids = Uint32Array.from({ length: rows }, (_, id) => id).filter(
    (id) => random.uniform() < (id < from ? 0.2 : 0.02),
  );
  return {
    kind: "slices",
    slices: { rows, columns, ids, values: normals(ids.length * columns, random) },
  };
}

/** A matrix of doubles that begins with zeros, part after part. */
function byHand(parts: readonly TensorPart[], weights: readonly number[]) {
  const sum = new Float64Array(rows * columns);
  for (const [i, part] of parts.entries()) {
    const values = denseGradient([part], [tensor]);
    for (let j = 0; j < sum.length; j++) sum[j]! += weights[i]! * values[j]!;
  }
  return sum;
}

const weightsOf = (parts: readonly TensorPart[]) => parts.map((_, at) => (at - 3.3) / 7);

function takenIn(parts: readonly TensorPart[], weights: readonly number[]) {
  const sum = new PartSum(rows * columns);
  for (const [i, part] of parts.entries()) sum.add(weights[i]!, part);
  return sum.take();
}

/** Where the bits are others, the first place; -1 where they are the same. */
function firstOther(found: TensorPart, known: Float64Array): number {
  const values = denseGradient([found], [tensor]);
  return known.findIndex((value, at) => !Object.is(value, values[at]));
}

describe("parts taken in one after another", () => {
  // So many that they are added up in several turns, to sums that grow and to those that do not.
  test.each([
    ["of the same rows", 1, rows / 2],
    ["that each have others", 1_000, rows / 2],
  ])("%s have the bits of plain loops, and only their rows", (_, step, from) => {
    const parts = Array.from({ length: 14 }, (_, at) =>
      partOf(step === 1 ? from : at * step, step === 1 ? `${at % 2}` : `${at}`),
    );
    const weights = weightsOf(parts);
    const found = takenIn(parts, weights);
    expect(firstOther(found, byHand(parts, weights))).toBe(-1);
    const ids = new Set(
      parts.flatMap((part) => (part.kind === "slices" ? [...part.slices.ids] : [])),
    );
    expect(found.kind === "slices" && found.slices.ids.length).toBe(ids.size);
  });

  test("a dense one between them is added in its turn", () => {
    const parts = Array.from({ length: 6 }, (_, at) => partOf(rows / 2, `dense ${at}`));
    parts.splice(3, 0, { kind: "dense", values: normals(rows * columns, randomFrom("dense")) });
    const weights = weightsOf(parts);
    const found = takenIn(parts, weights);
    expect(found.kind).toBe("dense");
    expect(firstOther(found, byHand(parts, weights))).toBe(-1);
  });

  test("once all rows are no more bytes the sum is the whole tensor, to the same bits", () => {
    const parts = Array.from({ length: 20 }, (_, at) => partOf(rows, `all ${at}`));
    const weights = weightsOf(parts);
    const found = takenIn(parts, weights);
    expect(found.kind).toBe("dense");
    expect(firstOther(found, byHand(parts, weights))).toBe(-1);
  });
});
