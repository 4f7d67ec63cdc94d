import { expect, test } from "vitest";
import { type Random, randomFrom } from "../../../src/core/random.ts";
import { addOuterSums, outerRowsMax } from "../../../src/math/kernels/outer-sums.ts";

interface Shape {
  readonly rows: number;
  readonly inputs: number;
  readonly units: number;
}

const shapes: readonly Shape[] = [
  { rows: 1, inputs: 1, units: 1 },
  { rows: 2, inputs: 3, units: 5 },
  { rows: 7, inputs: 31, units: 4 },
  { rows: 64, inputs: 33, units: 10 },
  { rows: 63, inputs: 70, units: 128 },
  { rows: outerRowsMax, inputs: 32, units: 131 },
];
const places = { at: 5, from: 3 };

/** Rows of which some count nothing, one of these not finite, and numbers that are often zero. */
function caseOf({ rows, inputs, units }: Shape, random: Random) {
  const rowStride = inputs + 2;
  const floats = Float32Array.from({ length: places.at + rows * rowStride }, () =>
    random.uniform() < 0.3 ? 0 : random.normal(),
  );
  const factors = Float64Array.from({ length: rows }, (_, row) =>
    row % 5 === 3 ? 0 : random.uniform(),
  );
  if (rows > 3) floats[places.at + 3 * rowStride] = Number.NaN;
  const scaled = Float64Array.from({ length: rows * units }, (_, i) =>
    factors[Math.floor(i / units)] === 0 || random.uniform() < 0.5 ? 0 : random.normal(),
  );
  return { floats, seen: { at: places.at, rowStride }, inputs, factors, scaled };
}

/** The textbook's loop, a pair of rows at a time. */
function plainSums(of: ReturnType<typeof caseOf>, units: number, out: Float64Array): void {
  const { floats, seen, inputs, factors, scaled } = of;
  const inputAt = (row: number, j: number) =>
    (factors[row] ?? 0) === 0 ? 0 : floats[seen.at + row * seen.rowStride + j]!;
  for (let row = 0; row < factors.length; row += 2)
    for (let j = 0; j < inputs; j++)
      for (let i = 0; i < units; i++) {
        const one = inputAt(row, j) * scaled[row * units + i]!;
        const next = inputAt(row + 1, j) * (scaled[(row + 1) * units + i] ?? 0);
        out[places.from + j * units + i]! += one + next;
      }
}

test.each(shapes)("sums of $rows rows, $inputs x $units, are the plain loop's bits", (shape) => {
  const random = randomFrom("outer");
  const begun = Float64Array.from(
    { length: 2 * places.from + shape.inputs * shape.units },
    () => random.normal() / 3,
  );
  // Twice: what was there before of other rows is in no sum.
  for (let turn = 0; turn < 2; turn++) {
    const of = caseOf(shape, random);
    const [ours, plain] = [begun.slice(), begun.slice()];
    addOuterSums(of, of.scaled, shape.units, ours, places.from);
    plainSums(of, shape.units, plain);
    expect(ours).toEqual(plain);
  }
});
