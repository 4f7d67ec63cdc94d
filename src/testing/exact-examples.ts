import { type Random, randomFrom } from "../core/random.ts";
import type { Examples, Rows } from "../math/rows.ts";
import type { Problem } from "../problems/problem.ts";

/**
 * Rows whose entries are small multiples of 1/8, about a third of them zero, and targets that the
 * problem can take: sums of products are exact, so equalities can be exact as well.
 */
export function exactExamples(problem: Problem, rows: number, columns: number): Examples {
  const random = randomFrom(`examples/${rows}/${columns}`);
  const values = Float32Array.from({ length: rows * columns }, () => eighths(random));
  const targets = Float32Array.from({ length: rows }, () =>
    problem.target === "numbers" ? eighths(random) : random.integer(exampleClasses(problem)),
  );
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

/** How many classes the examples of a problem have; 0 for numbers. */
export function exampleClasses({ classesMax }: Problem): number {
  return Math.min(classesMax, 3);
}

/** How many weights go with these examples. */
export function weightsLengthOf(problem: Problem, columns: number): number {
  return problem.weightsLength(columns, exampleClasses(problem));
}

/** Weights that are small multiples of 1/8. */
export function exactWeights(length: number, label: string): Float32Array<ArrayBuffer> {
  const random = randomFrom(label);
  return Float32Array.from({ length }, () => eighths(random));
}

/** The same rows, only entries that are not zero. */
export function sparseOf({ rows, targets }: Examples): Examples {
  const values: number[] = [];
  const indices: number[] = [];
  const offsets = [0];
  for (let i = 0; i < rows.rows; i++) {
    for (let j = 0; j < rows.columns; j++) {
      const value = rows.values[i * rows.columns + j]!;
      if (value === 0) continue;
      values.push(value);
      indices.push(j);
    }
    offsets.push(values.length);
  }
  const sparse: Rows = {
    kind: "sparse",
    rows: rows.rows,
    columns: rows.columns,
    values: Float32Array.from(values),
    indices: Uint32Array.from(indices),
    offsets: Uint32Array.from(offsets),
  };
  return { rows: sparse, targets };
}

/** The dense rows `from` to `to`. */
export function partOf({ rows, targets }: Examples, from: number, to: number): Examples {
  const { columns } = rows;
  const values = rows.values.slice(from * columns, to * columns);
  return {
    rows: { kind: "dense", rows: to - from, columns, values },
    targets: targets.slice(from, to),
  };
}

function eighths(random: Random): number {
  return random.uniform() < 0.33 ? 0 : (random.integer(33) - 16) / 8;
}
