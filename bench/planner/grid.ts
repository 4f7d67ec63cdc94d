import type { Cell } from "./hindsight.ts";

/** What is planned: a regression that waiting for all gets to the end of within a few rounds. */
export const gridSpec = {
  problem: { type: "ridge", l2: 0.01 },
  data: {
    generate: { type: "regression", rows: 4_000, features: 60, noise: 0.5, leverage: 0.005 },
  },
  optimizer: "l-bfgs",
  stop: { rounds: 25, tolerance: 0 },
  seed: 5,
};

const models = [
  { model: "lambda", coldStartMs: 142 },
  { model: "lambda-trace-a", coldStartMs: 142 },
  { model: "exponential" },
  { model: "pareto" },
  { model: "persistent" },
  { model: "calm" },
];

/** Workers by computing times by kinds of lateness: the whole grid, or a corner of it. */
export function cellsOf(isQuick: boolean): Cell[] {
  const crowds = isQuick ? [8, 32] : [8, 16, 32, 64];
  const computing = isQuick ? [0.05, 1, 10] : [0.05, 0.3, 1, 3, 10];
  return models.flatMap((weather) =>
    crowds.flatMap((workers) =>
      computing.map((computeSeconds) => ({ weather, workers, computeSeconds })),
    ),
  );
}
