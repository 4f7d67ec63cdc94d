import { randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";
import { denseGradient } from "../../src/math/slices/gradient-part.ts";
import { writePresent } from "../../src/math/slices/present.ts";
import type { Stepper } from "../../src/optimizers/optimizer.ts";
import { optimizers } from "../../src/optimizers/registry.ts";
import { networkOf } from "../../test/problems/networks.ts";
import { medianMs } from "./timing.ts";

/**
 * A step of an embedding of 30,000 x 128 with 2,048 ids: the gradient in the engine, as float32,
 * and plain gradient descent; all weights moved, as before there were slices, and by rows.
 */
export async function embeddingStep() {
  const problem = await networkOf(`${import.meta.dirname}/table.ts`, { loss: "meanSquaredError" });
  const pieces = problem.parameters!;
  const random = randomFrom("ids");
  const values = Float32Array.from({ length: 2_048 }, () => random.integer(30_000));
  const targets = Float32Array.from({ length: 256 }, () => random.normal());
  const examples: Examples = { rows: { kind: "dense", rows: 256, columns: 8, values }, targets };
  const weights = problem.initial!(randomFrom(1));
  const sgd = optimizers.create({ type: "sgd", learningRate: 0.1 } as never) as Stepper;
  const stepSize = 0.1 / 256;
  const dense = () => {
    const sum = new Float64Array(weights.length);
    problem.lossAndGradient(examples, weights, sum);
    const gradient = Float64Array.from(new Float32Array(sum));
    const shrink = (point: Float64Array<ArrayBuffer>) => point;
    const here = { weights, asked: weights, gradient, stepSize, pieces, shrink };
    return Float32Array.from(sgd.move(sgd.start(), here).weights);
  };
  const byRows = () => {
    const { parts } = problem.slicedGradient!(examples, weights, "auto")!;
    const moved = sgd.moveParts!(sgd.start(), { weights, parts, stepSize, pieces })!;
    const next = weights.slice();
    writePresent(next, moved.parts, pieces);
    return next;
  };
  const gradientAlone = {
    dense: medianMs(7, () =>
      problem.lossAndGradient(examples, weights, new Float64Array(weights.length)),
    ),
    byRows: medianMs(21, () => problem.slicedGradient!(examples, weights, "auto")),
  };
  const ms = { dense: medianMs(7, dense), byRows: medianMs(21, byRows) };
  const whole = denseGradient(problem.slicedGradient!(examples, weights, "auto")!.parts, pieces);
  const sum = new Float64Array(weights.length);
  problem.lossAndGradient(examples, weights, sum);
  if (!whole.every((value, i) => value === sum[i])) throw new Error("the gradients differ");
  console.log(
    "\nembedding of 30,000 x 128, 2,048 ids, one thread       dense     by rows    ratio",
  );
  for (const [what, one] of [
    ["gradient alone", gradientAlone],
    ["gradient and step of sgd", ms],
  ] as const)
    console.log(
      `${what.padEnd(45)}${one.dense.toFixed(1).padStart(12)} ms${one.byRows
        .toFixed(1)
        .padStart(9)} ms${(one.dense / one.byRows).toFixed(1).padStart(9)}`,
    );
  return { gradientAlone, ms };
}
