import { expect, it } from "vitest";
import { finishRun } from "../../src/run/finish.ts";
import { scene, segment } from "../simulation/simulated-run.ts";
import golden from "./scikit-learn.json" with { type: "json" };

/*
 * Optima of scikit-learn over features that are not scaled. `npm run conformance -- scikit-learn`
 * holds kofn against it on six data sets; these are the smallest of them.
 */

const { features, targets, found, l2 } = golden;

it.each(found)("$problem on $data comes to scikit-learn's optimum", async (solved) => {
  const own = targets[solved.data as keyof typeof targets];
  const lines = features.map((row, i) => [...row, own[i]].join(","));
  const text = `a,b,c,y\n${lines.join("\n")}\n`;
  const data = { source: "table.csv", target: "y", standardize: false };
  const problem = { type: solved.problem, l2 };
  const start = await scene({ problem, data, workers: 4, wait: "all" }, text);
  const end = await segment(start);
  const { prepared } = start.staged;
  const result = await finishRun(start.record, prepared, end, start.store);
  const { train } = result.metrics;
  expect(train.r2 ?? train.accuracy).toBeCloseTo(solved.metric, 6);
  expect(result.objective / solved.objective).toBeCloseTo(1, 6);
  expect(result.convergence).toMatchObject({ converged: true });
});
