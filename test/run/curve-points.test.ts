import { expect, test } from "vitest";
import { wholeModel } from "../../src/ports/model-ref.ts";
import { curvePoints } from "../../src/run/curve-points.ts";

const points = Array.from({ length: 500 }, (_, round) => ({
  round,
  atMs: round,
  model: wholeModel(Float32Array.of(round)),
}));
const linear = {};
const roundsOf = (rows: number, isAwaited: boolean) =>
  curvePoints(points, linear, { rows, testRows: 0, columns: 100 }, isAwaited).map(
    ({ round }) => round,
  );

test("whoever interrupts a run over many rows waits for its last model alone", () => {
  expect(roundsOf(10_000_000, true)).toEqual([499]);
  expect(roundsOf(1_000_000, true)).toEqual([0, 125, 250, 374, 499]);
});

test("the curve of a run that ends by itself, or over few rows, has all its points", () => {
  for (const [rows, isAwaited] of [
    [10_000_000, false],
    [1_000, true],
  ] as const) {
    const rounds = roundsOf(rows, isAwaited);
    expect(rounds.length).toBe(80);
    expect([rounds[0], rounds.at(-1)]).toEqual([0, 499]);
  }
});
