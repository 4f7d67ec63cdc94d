import { RunError } from "../../core/errors.ts";
import type { Problem } from "../problem.ts";
import { engineOf, openEngineOf } from "./engines.ts";
import { losses } from "./losses.ts";
import { tallies } from "./network-metrics.ts";
import { type NetworkOptions, networkFactsOf, outputsOf } from "./network-options.ts";

/** A network as a problem; until its facts are known it only says what its loss needs. */
export function networkProblem(options: NetworkOptions): Problem {
  const { facts } = options;
  const loss = losses[options.loss];
  const known = facts === undefined ? {} : { parameters: facts.pieces };
  const engine = () => engineOf(options);
  return {
    ...known,
    target: loss.target,
    // As many as the last layer has outputs: told with the network's place, when that is known.
    classesMax: loss.target === "numbers" ? 0 : 1_000_000,
    ...(loss.link === undefined ? {} : { link: loss.link }),
    isQuadratic: false,
    l2: 0,
    l1: 0,
    ownIntercepts: true,
    weightsLength: (columns, classes) => checkedLength(options, columns, classes),
    async publishAssets(write, seed) {
      if (facts !== undefined) return { ...options };
      const { readModelModule } = await import("../../tfjs/model-source.ts");
      const read = await readModelModule(options.model, options.backend);
      await write(read.facts.key, read.bytes);
      return { ...options, seed: options.seed ?? seed, facts: read.facts };
    },
    load: (read) => openEngineOf(options, read),
    initial: (random) => engine().initial(random),
    lossAt: (predictions, targets, slopes) => lossAtBlocks(options, predictions, targets, slopes),
    lossAndGradient: (examples, weights, gradient, random) =>
      engine().lossAndGradient(examples, weights, gradient, random?.fork(`seed/${options.seed}`)),
    addClippedGradient(examples, weights, clip, { clipped }, random) {
      // Nothing is told of no rows, by whoever has not loaded the network either.
      if (examples.targets.length === 0) return;
      const draws = random?.fork(`seed/${options.seed}`);
      engine().addClipped(examples, weights, clip, clipped, draws);
    },
    lineSearchTerms: ({ rows, targets }, weights, direction, steps) =>
      Float64Array.from(steps, (step) => {
        const there = weights.map((weight, i) => weight + step * direction[i]!);
        return engine().loss({ rows, targets }, there);
      }),
    /** There is no bound. */
    smoothness: () => Number.POSITIVE_INFINITY,
    predict: (rows, weights) => blocksOf(options, engine().outputs(rows, weights), rows.rows),
    ...tallies(options, engine),
  };
}

/** The number of weights; refuses data that do not fit the network. */
function checkedLength(options: NetworkOptions, columns: number, classes: number): number {
  const { inputShape, pieces } = networkFactsOf(options);
  const inputs = inputShape.reduce((a, b) => a * b, 1);
  const place = `problem.model: ${options.model}`;
  if (inputs !== columns)
    throw new RunError(
      "bad-shape",
      `${place}: its input [${inputShape}] takes ${inputs} numbers, a row has ${columns} features`,
      {
        hint: "change the input's shape, or the data's columns (data.drop, data.intercept: false)",
      },
    );
  const { positions, width } = outputsOf(options);
  const { target, link } = losses[options.loss];
  const wanted = target === "classes" && link === "softmax" ? classes : 1;
  const tooMany = link === "sigmoid" && classes > 2;
  if (tooMany || (link === "softmax" ? width < wanted : width !== wanted))
    throw new RunError(
      "bad-shape",
      `${place}: its last layer has ${width} outputs, ` +
        (target === "classes" ? `the target has ${classes} classes` : "the target is one number"),
      {
        hint: tooMany
          ? `${options.loss} tells two classes apart: choose categoricalCrossentropy`
          : `give the last layer ${wanted} units, or choose another loss than ${options.loss}`,
      },
    );
  if (positions > 1 && (positions !== inputs || link !== "softmax"))
    throw new RunError(
      "bad-shape",
      `${place}: its output [${networkFactsOf(options).outputShape}] has ${positions} positions`,
      { hint: "an output for every position is for text: one for each of the input's tokens" },
    );
  return pieces.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** From a row's outputs after another's to a block of rows an output; of text the last position. */
function blocksOf(
  options: NetworkOptions,
  outputs: Float32Array,
  rows: number,
): Float64Array<ArrayBuffer> {
  const { positions, width } = outputsOf(options);
  const blocks = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < width; i++)
      blocks[i * rows + row] = outputs[((row + 1) * positions - 1) * width + i]!;
  return blocks;
}

function lossAtBlocks(
  options: NetworkOptions,
  predictions: Float64Array,
  targets: Float32Array,
  slopes?: Float64Array,
): number {
  const { row } = losses[options.loss];
  const rows = targets.length;
  const width = predictions.length / rows;
  const own = new Float32Array(width);
  const ownSlopes = new Float32Array(width);
  let sum = 0;
  for (let at = 0; at < rows; at++) {
    for (let i = 0; i < width; i++) own[i] = predictions[i * rows + at]!;
    sum += row(own, targets[at]!, slopes === undefined ? null : ownSlopes);
    if (slopes !== undefined) for (let i = 0; i < width; i++) slopes[i * rows + at] = ownSlopes[i]!;
  }
  return sum;
}
