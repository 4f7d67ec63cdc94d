import { randomFrom } from "../../src/core/random.ts";
import { transformWorkspace } from "../../src/math/kernels/transforms.ts";
import { largestMagnitudes, packLevels, unpackLevels } from "../../src/math/kernels/vectors.ts";
import { hadamardColumns } from "../../src/math/transforms.ts";
import type { NumPy, Sizes } from "./numpy.ts";
import { type Contestant, race, type Taken } from "./race.ts";

/** A Hadamard code of half as many data rows, by transform and as a dense product. */
export function raceEncoding(
  { storedRows, width }: Sizes,
  numpy: NumPy | null,
  repetitions: number,
): Promise<Record<string, Taken>> {
  const random = randomFrom("encode");
  const given = Float64Array.from({ length: storedRows * width }, (_, at) =>
    at < (storedRows * width) / 2 ? random.normal() : 0,
  );
  const plain = new Float64Array(given.length);
  const contestants: Contestant[] = [
    {
      name: "kofn transform",
      run() {
        const values = transformWorkspace(given.length);
        values.set(given);
        hadamardColumns(values, storedRows, width);
      },
    },
    {
      name: "the same in JavaScript",
      run() {
        plain.set(given);
        hadamardColumns(plain, storedRows, width);
      },
    },
  ];
  if (numpy !== null)
    contestants.push({ name: "NumPy, dense product", ask: () => numpy.time("encode") });
  return race(contestants, repetitions);
}

/** The greatest hundredth of a vector, and its entries in 4 bits each. */
export function raceSelection(
  { vectorLength }: Sizes,
  numpy: NumPy | null,
  repetitions: number,
): Promise<Record<string, Taken>> {
  const random = randomFrom("select");
  const vector = Float32Array.from({ length: vectorLength }, () => random.normal());
  const levels = packLevels(vector, 4);
  const contestants: Contestant[] = [
    { name: "kofn top 1 %", run: () => largestMagnitudes(vector, Math.floor(vectorLength / 100)) },
    { name: "kofn into 4 bits", run: () => packLevels(vector, 4) },
    { name: "kofn out of 4 bits", run: () => unpackLevels(levels) },
  ];
  if (numpy !== null)
    contestants.push({ name: "NumPy argpartition", ask: () => numpy.time("select") });
  return race(contestants, repetitions);
}
