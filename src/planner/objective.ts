import { eachPart } from "../data/parts/load-parts.ts";
import type { Examples } from "../math/rows.ts";
import { lossOf } from "../problems/linear.ts";
import { penalty } from "../problems/penalty.ts";
import type { Problem } from "../problems/problem.ts";
import type { Sample } from "./sample.ts";

/** The sample's objective at some weights, penalty included: its rows are loaded once for all. */
export async function objectiveOn(
  { store, prepared }: Sample,
  problem: Problem,
): Promise<(weights: Float32Array<ArrayBuffer>) => number> {
  const { columns, train, preparation } = prepared;
  const parts: Examples[] = [];
  for await (const examples of eachPart(store, train, columns)) parts.push(examples);
  const shape = { columns, intercept: preparation.intercept };
  return (weights) => {
    if (prepared.weighted === true) {
      const losses = parts.map((examples) => lossOf(problem, examples, weights));
      const mean = losses.reduce((sum, loss) => sum + loss, 0) / prepared.rows;
      return mean + penalty(problem, weights, shape);
    }
    const [first, ...others] = parts.map((examples) => problem.tally(examples, weights));
    const total = Float64Array.from(first!);
    for (const tally of others) for (let j = 0; j < total.length; j++) total[j]! += tally[j]!;
    return problem.metrics(total).meanLoss + penalty(problem, weights, shape);
  };
}
