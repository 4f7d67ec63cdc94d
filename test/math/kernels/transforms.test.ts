import { expect, test } from "vitest";
import { randomFrom } from "../../../src/core/random.ts";
import { hadamardResident, transformWorkspace } from "../../../src/math/kernels/transforms.ts";
import { hadamardColumns, hadamardEntry } from "../../../src/math/transforms.ts";

test.each([
  [1, 1],
  [2, 3],
  [4, 8],
  [8, 9],
  [16, 17],
  [64, 5],
  [128, 24],
])("the transform of %i rows of %i columns is the Sylvester matrix times them", (size, columns) => {
  const random = randomFrom(size);
  // Small integers: every sum is exact, in whatever order.
  const given = Float64Array.from({ length: size * columns }, () => random.integer(9) - 4);
  const values = transformWorkspace(given.length);
  values.set(given);
  expect(hadamardResident(values, size, columns)).toBe(true);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += hadamardEntry(i, k) * given[k * columns + j]!;
      expect(values[i * columns + j]).toBe(sum);
    }
});

test("it has the bits of the plain transform, wherever the block is in the room", () => {
  const random = randomFrom("bits");
  for (const [size, columns] of [
    [256, 21],
    [512, 8],
    [32, 100],
  ] as const) {
    const plain = Float64Array.from({ length: size * columns }, () => random.normal());
    const values = transformWorkspace(plain.length + 3).subarray(3);
    values.set(plain);
    hadamardColumns(values, size, columns);
    expect(hadamardResident(plain, size, columns)).toBe(false);
    hadamardColumns(plain, size, columns);
    expect(Buffer.from(Float64Array.from(values).buffer)).toEqual(Buffer.from(plain.buffer));
  }
});
