import { expect, test } from "vitest";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";
import { ratingsScene, rmse } from "../strategies/alternating-scene.ts";

/*
 * The synthetic stand-in for MovieLens-1M (Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019, matrix
 * factorization): 600 users, 370 items, 22,000 ratings, 15 factors, lambda = 10, b = 3, 8 workers,
 * delays Exp(10 ms), every subproblem by encoded L-BFGS with rho = 0.5.
 */

const ratings = 17_600;
const epochs = 2;

async function trainError(encoding: string, fastest: number, exactBelow = 0): Promise<number> {
  const scene = await ratingsScene({
    problem: { type: "factorization", rank: 15, l2: 10 / ratings, base: 3 },
    data: { generate: { type: "ratings" }, test: 0.2 },
    workers: 8,
    wait: { fastest },
    encoding,
    strategy: { type: "alternating", epochs, iterations: 20, exactBelow },
    optimizer: { type: "l-bfgs", backOff: 0.5 },
    stop: { rounds: 1000, tolerance: 0 },
  });
  const fateOf = fatesOf({ model: "exponential", meanMs: 10 });
  const { state } = await virtualRun(scene.strategy, { perform: scene.perform, fateOf });
  return rmse(scene.problem, scene.train, state.weights);
}

test("one reply of eight: what is encoded fits the ratings better, by 0.01 and more", async () => {
  const [uncoded, encoded] = [await trainError("uncoded", 1), await trainError("hadamard", 1)];
  expect(uncoded - encoded).toBeGreaterThan(0.01);
  // A negative control: with all eight it is alternating least squares itself.
  const [all, exact] = [await trainError("hadamard", 8), await trainError("uncoded", 8, 1000)];
  expect(Math.abs(all - exact)).toBeLessThan(0.002);
  expect(encoded).toBeGreaterThan(exact);
});
