import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Examples, Rows } from "../../src/math/rows.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { problems } from "../../src/problems/registry.ts";

/**
 * Every example of every problem, by a name for its test. Networks, which compute in single
 * precision what a file says, have the same laws tested in test/problems/network.test.ts.
 */
const computed = problems.members.filter(({ name }) => name !== "network");
export const problemExamples = computed.flatMap((member) =>
  member.examples.map((example) => ({
    name: `${member.name} ${JSON.stringify(example)}`,
    problem: problems.create({ type: member.name, ...example }),
  })),
);

/**
 * Rows whose entries are small multiples of 1/8, about a third of them zero, and targets that the
 * problem can take: sums of products are exact, so equalities can be exact as well.
 */
export function exactExamples(problem: Problem, rows: number, columns: number): Examples {
  const random = randomFrom(`examples/${rows}/${columns}`);
  const values = Float32Array.from({ length: rows * columns }, () => eighths(random));
  const targets = Float32Array.from({ length: rows }, () =>
    problem.target === "numbers" ? eighths(random) : random.integer(classesOf(problem)),
  );
  return { rows: { kind: "dense", rows, columns, values }, targets };
}

/** How many classes the examples of a problem have; 0 for numbers. */
export function classesOf({ classesMax }: Problem): number {
  return Math.min(classesMax, 3);
}

/** How many weights go with these examples. */
export function lengthOf(problem: Problem, columns: number): number {
  return problem.weightsLength(columns, classesOf(problem));
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
