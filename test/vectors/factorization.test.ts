import { expect, test } from "vitest";
import { campaign } from "../campaign.ts";
import { fatesOf, virtualRun } from "../run/virtual-run.ts";
import { ratingsScene, rmse } from "../strategies/alternating/scene.ts";

/*
 * The synthetic stand-in for MovieLens-1M (Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019, matrix
 * factorization): 600 users, 370 items, 22,000 ratings, 15 factors, lambda = 10, b = 3, 8 workers,
 * delays Exp(10 ms), every subproblem by encoded L-BFGS with rho = 0.5.
 */

const ratings = 17_600;

async function trainError(
  encoding: string,
  fastest: number,
  exactBelow = 0,
  epochs = campaign(1, 3),
): Promise<number> {
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
  // A negative control: solved exactly, the code makes no difference, and it is the least of all.
  const exact = await trainError("hadamard", 1, 1000);
  expect(await trainError("uncoded", 1, 1000)).toBe(exact);
  expect(encoded).toBeGreaterThan(exact);
  expect(encoded).toBeLessThan(exact + 0.03);
});

test("the stand-in: exactly solved, five epochs end at a training error of 0.747", async () => {
  expect(Math.abs((await trainError("uncoded", 8, 1000, 5)) - 0.747)).toBeLessThan(0.004);
});
