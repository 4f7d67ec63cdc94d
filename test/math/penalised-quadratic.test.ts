import { expect, test } from "vitest";
import { type Random, randomFrom } from "../../src/core/random.ts";
import { lowestPenalised } from "../../src/math/penalised-quadratic.ts";

/** X'X / n of rows that lie close to one line, and a linear part in its range. */
function collinear(rows: number, columns: number, random: Random) {
  const x = Array.from({ length: rows }, () => {
    const common = random.normal();
    return Array.from({ length: columns }, () => common + 0.05 * random.normal());
  });
  const truth = Array.from({ length: columns }, (_, j) => (j % 3 === 0 ? random.normal() : 0));
  const y = x.map((row) => row.reduce((sum, value, j) => sum + value * truth[j]!, random.normal()));
  const hessian = new Float64Array(columns * columns);
  const linear = new Float64Array(columns);
  for (const [r, row] of x.entries())
    for (let i = 0; i < columns; i++) {
      linear[i]! -= (row[i]! * y[r]!) / rows;
      for (let j = 0; j < columns; j++) hessian[i * columns + j]! += (row[i]! * row[j]!) / rows;
    }
  return { hessian, linear };
}

/** By how much the conditions of a lowest point are missed: 0 is a subgradient. */
function missedBy(
  { hessian, linear, thresholds }: Parameters<typeof lowestPenalised>[0],
  at: Float64Array,
): number {
  const misses = Array.from(at, (value, i) => {
    const slope = at.reduce((sum, v, j) => sum + hessian[i * at.length + j]! * v, linear[i]!);
    if (value === 0) return Math.max(0, Math.abs(slope) - thresholds[i]!);
    return Math.abs(slope + Math.sign(value) * thresholds[i]!);
  });
  return Math.max(...misses);
}

test.each([
  { rows: 200, columns: 12 },
  // Fewer rows than columns: H is singular.
  { rows: 20, columns: 40 },
])("a subgradient vanishes at the lowest point: $rows x $columns", ({ rows, columns }) => {
  for (let seed = 0; seed < 10; seed++) {
    const random = randomFrom(seed);
    const { hessian, linear } = collinear(rows, columns, random);
    const largest = Math.max(...linear.map(Math.abs));
    for (const share of [0.5, 0.05, 0.005]) {
      const thresholds = new Float64Array(columns).fill(share * largest);
      thresholds[columns - 1] = 0;
      const start = Float64Array.from({ length: columns }, () => random.normal());
      const quadratic = { hessian, linear, thresholds };
      const at = lowestPenalised(quadratic, start);
      expect(missedBy(quadratic, at)).toBeLessThan(1e-9 * largest);
      // From wherever.
      const again = lowestPenalised(quadratic, new Float64Array(columns));
      expect(missedBy(quadratic, again)).toBeLessThan(1e-9 * largest);
    }
  }
});

test("what has no curvature stays where it is", () => {
  const hessian = Float64Array.of(2, 0, 0, 0);
  const quadratic = { hessian, linear: Float64Array.of(-3, 0), thresholds: Float64Array.of(1, 1) };
  const [moved, still] = lowestPenalised(quadratic, Float64Array.of(0, 5));
  expect(moved).toBeCloseTo(1, 12);
  expect(still).toBe(5);
});
