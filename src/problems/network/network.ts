import * as z from "zod";
import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import { define } from "../../core/registry.ts";
import type { SlicedWalk } from "../../math/slices/sliced-gradient.ts";
import type { NetworkFacts } from "../../tfjs/definition.ts";
import type { Problem } from "../problem.ts";
import { engineOf, openEngineOf } from "./engines.ts";
import { losses, lossNames } from "./losses.ts";
import { tallies } from "./network-metrics.ts";
import { type NetworkOptions, networkFactsOf, outputsOf } from "./network-options.ts";
import { networkStages } from "./network-stages.ts";

/** A TensorFlow.js layers model: what computes it is loaded when it is first needed. */
export const network = define({
  name: "network",
  summary: "a neural network of TensorFlow.js layers: a model.json, or a module that builds one",
  options: {
    model: z
      .string()
      .min(1)
      .describe("the path of a model.json, or of a .ts or .js module that builds a model"),
    loss: z.enum(lossNames).default("categoricalCrossentropy").describe("what is minimised"),
    metrics: z
      .array(z.string().min(1))
      .optional()
      .describe("which metrics are told; all that the loss has where absent"),
    backend: z
      .enum(["auto", "node", "wasm", "cpu"])
      .default("auto")
      .describe("what computes: native where it is installed, else WASM, else plain JavaScript"),
    engine: z
      .enum(["auto", "tfjs"])
      .default("auto")
      .describe("auto: chains of dense layers run in kofn's own kernels; tfjs: none do"),
    seed: z.int().min(0).optional().describe("what dropout hangs on; the spec's seed where absent"),
    weighted: z
      .literal(true)
      .optional()
      .describe(
        "rows count unlike, by data.weights or data.classWeights; filled in when a run starts",
      ),
    facts: z
      .looseObject({ key: z.string() })
      .optional()
      .describe("what is known of the model; filled in when a run starts"),
  },
  examples: [{ model: "model.json" }],
  create: (options): Problem =>
    networkProblem({ ...options, facts: options.facts as NetworkFacts | undefined }),
});

/** A network as a problem; until its facts are known it only says what its loss needs. */
export function networkProblem(options: NetworkOptions): Problem {
  const { facts } = options;
  const loss = losses[options.loss];
  const shapeFacts = facts === undefined ? {} : { parameters: facts.pieces };
  const engine = () => engineOf(options);
  const drawsOf = (random: Random) => random.fork(`seed/${options.seed}`);
  return {
    ...shapeFacts,
    target: loss.target,
    // As many as the last layer has outputs: told with the network's place, when that is known.
    classesMax: loss.target === "numbers" ? 0 : 1_000_000,
    ...(loss.link === undefined ? {} : { link: loss.link }),
    isQuadratic: false,
    l2: 0,
    l1: 0,
    weighsRows: options.weighted === true ? "together" : true,
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
    stages: networkStages(options),
    initial: (random) => engine().initial(random),
    lossAt: (predictions, targets, slopes, rowWeights) =>
      lossAtBlocks(options, { predictions, targets, rowWeights }, slopes),
    lossAndGradient: (examples, weights, gradient, random) =>
      engine().lossAndGradient(examples, weights, gradient, random?.fork(`seed/${options.seed}`)),
    slicedGradient: (examples, weights, form, random, moved) =>
      engine().slicedGradient(examples, weights, form, random && drawsOf(random), moved),
    slicedWalk(weights) {
      const walk = engine().slicedWalk(weights);
      if (walk === null) return null;
      const step: SlicedWalk["step"] = (examples, rate, random) =>
        walk.step(examples, rate, drawsOf(random));
      return { ...walk, step };
    },
    addClippedGradient(examples, weights, clip, { clipped }, random) {
      // Nothing is told of no rows, by whoever has not loaded the network either.
      if (examples.targets.length === 0) return;
      const draws = random?.fork(`seed/${options.seed}`);
      engine().addClipped(examples, weights, clip, clipped, draws);
    },
    lineSearchTerms: (examples, weights, direction, steps) =>
      Float64Array.from(steps, (step) => {
        const there = weights.map((weight, i) => weight + step * direction[i]!);
        return engine().loss(examples, there);
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

interface PredictedRows {
  /** A block of rows an output. */
  readonly predictions: Float64Array;
  readonly targets: Float32Array;
  readonly rowWeights?: Float32Array | undefined;
}

function lossAtBlocks(
  options: NetworkOptions,
  { predictions, targets, rowWeights }: PredictedRows,
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
    const weight = rowWeights?.[at] ?? 1;
    sum += weight * row(own, targets[at]!, slopes === undefined ? null : ownSlopes);
    if (slopes !== undefined)
      for (let i = 0; i < width; i++) slopes[i * rows + at] = weight * ownSlopes[i]!;
  }
  return sum;
}
