import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { randomFrom } from "../../src/core/random.ts";
import { temporaryHome } from "../scenarios/workplace.ts";
import { examplesOf, gradientOf, networkOf } from "./networks.ts";

test("a model's own penalties are of what is trained, searched along and told", async () => {
  await using place = await temporaryHome();
  const model = join(place.path, "model.ts");
  const source = `export default ({ tf }) => tf.sequential({ layers: [
    tf.layers.dense({ units: 3, activation: "softmax", inputShape: [5], useBias: false,
      kernelRegularizer: tf.regularizers.l2({ l2: 0.5 }) })] });`;
  await writeFile(model, source);
  const problem = await networkOf(model);
  const rows = 300;
  const examples = examplesOf(rows, 5, (random) => random.integer(3));
  const weights = problem.initial!(randomFrom(2));
  const penalty = 0.5 * weights.reduce((sum, weight) => sum + weight * weight, 0);
  const { meanLoss, metrics } = problem.metrics(problem.tally(examples, weights));
  expect(meanLoss - metrics.logloss!).toBeCloseTo(penalty, 5);
  const { loss } = gradientOf(problem, examples, weights);
  expect(loss / rows).toBeCloseTo(meanLoss, 5);
  const [here] = problem.lineSearchTerms(examples, weights, weights, Float64Array.of(0));
  expect(here! / rows).toBeCloseTo(meanLoss, 5);
});
