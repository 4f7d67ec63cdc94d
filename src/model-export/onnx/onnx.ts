import type { Preparation } from "../../data/manifests.ts";
import type { TrainedModel } from "../../platform/training/model.ts";
import type { Problem } from "../../problems/problem.ts";
import { problems } from "../../problems/registry.ts";
import { encodeModel } from "./encode.ts";
import { type GraphBuilder, graphBuilder } from "./graph.ts";
import { networkOutputs } from "./network.ts";
import { type Features, numberNames, rawRows } from "./raw-rows.ts";
import { cast, rowsSize } from "./raw-words.ts";

/**
 * A model as an ONNX file that takes raw rows: the preparation is part of its graph. It answers
 * what `kofn predict` answers: `prediction` for numbers; else `class`, with `probabilities` of all
 * classes, or `margin` for problems that know no probabilities. Throws `RunError` for a model that
 * is no graph, naming the layer.
 */
export function onnxOf(model: TrainedModel): Uint8Array<ArrayBuffer> {
  const { preparation, run } = model;
  const problem = problems.create(model.problem);
  const graph = graphBuilder();
  const features = rawRows(graph, preparation);
  const outputs = outputsOf(graph, features, model, problem);
  addAnswers(graph, outputs, preparation, problem);
  return encodeModel(graph.finish("kofn"), {
    run,
    problem: model.problem.type,
    target: preparation.target.name,
    numbers: JSON.stringify(numberNames(preparation)),
  });
}

/** Predictions in double precision: [rows, outputs]. */
interface Outputs {
  readonly value: string;
  readonly count: number;
}

function outputsOf(
  graph: GraphBuilder,
  features: Features,
  model: TrainedModel,
  problem: Problem,
): Outputs {
  if (model.network !== null) return networkOutputs(graph, features, model, problem);
  const wide = cast(graph, features.value, "double");
  if (problem.pairs !== undefined) return pairOutputs(graph, wide, model);
  return linearOutputs(graph, wide, model);
}

function linearOutputs(graph: GraphBuilder, features: string, model: TrainedModel): Outputs {
  const { weights, preparation } = model;
  const columns = preparation.featureNames.length;
  const width = columns - (preparation.intercept ? 1 : 0);
  const count = weights.length / columns;
  const kernel = new Float64Array(width * count);
  const bias = new Float64Array(count);
  for (let output = 0; output < count; output++) {
    for (let j = 0; j < width; j++) kernel[j * count + output] = weights[output * columns + j]!;
    if (preparation.intercept) bias[output] = weights[output * columns + width]!;
  }
  const product = graph.node("MatMul", [
    features,
    graph.doubles(kernel, [width, count], "linear.weight"),
  ]);
  const value = graph.node("Add", [product, graph.doubles(bias, [1, count], "linear.bias")]);
  return { value, count };
}

/** As a factorization machine of order two: w'x + sum over factors of ((v'x)^2 - (v^2)'x^2) / 2. */
function pairOutputs(graph: GraphBuilder, features: string, model: TrainedModel): Outputs {
  const { weights, preparation } = model;
  const columns = preparation.featureNames.length;
  const width = columns - (preparation.intercept ? 1 : 0);
  const blocks = weights.length / columns;
  const at = (block: number, column: number) => weights[block * columns + column]!;
  const rank = blocks - 1;
  const biases = Float64Array.from({ length: width }, (_, j) => at(0, j));
  const factors = new Float64Array(width * rank);
  for (let j = 0; j < width; j++)
    for (let f = 0; f < rank; f++) factors[j * rank + f] = at(1 + f, j);
  // The intercept is a feature like any other, always 1: its factors add to every sum.
  const ones = (block: number) => (preparation.intercept ? at(block, width) : 0);
  const base = Float64Array.from({ length: rank }, (_, f) => ones(1 + f));
  const squared = (values: Float64Array) => values.map((value) => value * value);
  const times = (value: string, name: string, numbers: Float64Array, shape: readonly number[]) =>
    graph.node("MatMul", [value, graph.doubles(numbers, shape, name)]);
  const linear = times(features, "factorization.bias", biases, [width, 1]);
  const sum = graph.node("Add", [
    times(features, "factorization.factors", factors, [width, rank]),
    graph.doubles(base, [1, rank]),
  ]);
  const squares = graph.node("Add", [
    times(features, "factorization.squares", squared(factors), [width, rank]),
    graph.doubles(squared(base), [1, rank]),
  ]);
  const difference = graph.node("Sub", [graph.node("Mul", [sum, sum]), squares]);
  const pairs = graph.node("ReduceSum", [difference, graph.integers([1])], {
    keepdims: { int: 1 },
  });
  const halved = graph.node("Mul", [pairs, graph.doubles([0.5], [1, 1])]);
  const value = graph.node("Add", [
    graph.node("Add", [linear, halved]),
    graph.doubles([ones(0)], [1, 1]),
  ]);
  return { value, count: 1 };
}

function addAnswers(
  graph: GraphBuilder,
  { value, count }: Outputs,
  { target }: Preparation,
  { link }: Problem,
): void {
  const { classes, offset = 0 } = target;
  if (classes === null) {
    const moved = graph.node("Add", [value, graph.doubles([offset], [1, 1])]);
    graph.output("prediction", squeezed(graph, moved), "double", [rowsSize]);
    return;
  }
  const isPositive = () => graph.node("Greater", [value, graph.doubles([0], [1, 1])]);
  const number =
    count === 1
      ? squeezed(graph, cast(graph, isPositive(), "int64"))
      : graph.node("ArgMax", [value], { axis: { int: 1 }, keepdims: { int: 0 } });
  const labels = graph.texts(classes, [classes.length]);
  graph.output("class", graph.node("Gather", [labels, number]), "string", [rowsSize]);
  if (link === undefined) graph.output("margin", squeezed(graph, value), "double", [rowsSize]);
  else
    graph.output("probabilities", chances(graph, value, count, link), "double", [
      rowsSize,
      Math.max(2, count),
    ]);
}

/** One output stands for the second of two classes. */
function chances(graph: GraphBuilder, value: string, count: number, link: string): string {
  if (link === "softmax" && count > 1) return graph.node("Softmax", [value], { axis: { int: 1 } });
  const first = graph.node("Sigmoid", [graph.node("Neg", [value])]);
  return graph.node("Concat", [first, graph.node("Sigmoid", [value])], { axis: { int: 1 } });
}

function squeezed(graph: GraphBuilder, value: string): string {
  return graph.node("Squeeze", [value, graph.integers([1])]);
}
