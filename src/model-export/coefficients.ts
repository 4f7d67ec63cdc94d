import { RunError } from "../core/errors.ts";
import type { NumberScale, Preparation } from "../data/manifests.ts";
import { scalesIn } from "../data/prepare/features.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { problems } from "../problems/registry.ts";

/** y = intercept + sum of coefficients: over standardised features, and in the data's units. */
export function coefficients(model: TrainedModel): object {
  refuseOthers(model, "json");
  const { run, problem, preparation } = model;
  const { target, columns } = preparation;
  const outputs = weightsByOutput(model).map((weights) => linearCoefficients(weights, preparation));
  const about = { run, problem, target };
  if (outputs.length === 1) return { ...about, ...outputs[0], columns };
  const classes = outputs.map((output, i) => ({ class: target.classes?.[i], ...output }));
  return { ...about, classes, columns };
}

/** Of one output. */
export interface Coefficients {
  readonly intercept: { readonly standardized: number; readonly original: number };
  readonly coefficients: readonly {
    readonly feature: string;
    readonly standardized: number;
    readonly original: number;
  }[];
}

export function linearCoefficients(weights: Float32Array, preparation: Preparation): Coefficients {
  const features = weights.length - (preparation.intercept ? 1 : 0);
  const units = unitsOf(preparation, features);
  const { offset = 0 } = preparation.target;
  const standardized = (preparation.intercept ? weights[features]! : 0) + offset;
  let original = standardized;
  const coefficients = units.map(({ mean, deviation }, i) => {
    const weight = weights[i]!;
    original -= (weight * mean) / deviation;
    const feature = preparation.featureNames[i]!;
    return { feature, standardized: weight, original: weight / deviation };
  });
  return { intercept: { standardized, original }, coefficients };
}

/** The weights of each output: one block after another. */
export function weightsByOutput({ weights, preparation }: TrainedModel): Float32Array[] {
  const columns = preparation.featureNames.length;
  return Array.from({ length: weights.length / columns }, (_, output) =>
    weights.subarray(output * columns, (output + 1) * columns),
  );
}

/** How each stored feature comes from its column; categories are unchanged. */
export function unitsOf(
  { columns, sparse, deviations }: Preparation,
  features: number,
): NumberScale[] {
  const asIs = { mean: 0, deviation: 1 };
  if (sparse)
    return Array.from({ length: features }, (_, j) => ({
      mean: 0,
      deviation: deviations?.[j] ?? 1,
    }));
  const units = columns.flatMap(scalesIn).map((scale) => scale ?? asIs);
  // A text's features are tokens, which no column tells of.
  return units.length === features ? units : Array.from({ length: features }, () => asIs);
}

/** Factors of users and items are no coefficients, and the tensors of a network neither. */
export function refuseOthers({ problem }: TrainedModel, format: string): void {
  const { pairs, parameters } = problems.create(problem);
  if (parameters !== undefined)
    throw new RunError("bad-format", `--format: ${format} cannot hold a network`, {
      hint: "choose onnx, tfjs or safetensors",
    });
  if (pairs === undefined) return;
  throw new RunError("bad-format", `--format: ${format} cannot hold a model of ${problem.type}`, {
    hint: "choose onnx or safetensors; kofn predict rates any user and item",
  });
}
