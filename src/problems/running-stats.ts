import { type DoublePart, presentValues } from "../math/slices/gradient-part.ts";
import type { ParameterSpec } from "../math/vector.ts";
import type { Problem } from "./problem.ts";

type Pieces = Pick<Problem, "parameters">;

/** Takes what is observed out of a gradient: no optimizer, norm or search is to see it. */
export function clearRunningStats({ parameters }: Pieces, gradient: Float64Array): void {
  eachObserved(parameters, (from, to) => gradient.fill(0, from, to));
}

/**
 * Puts what the rows showed in place of what is observed: weights less the mean gradient there,
 * as a step of 1 would.
 */
export function averageRunningStats(
  { parameters }: Pieces,
  point: Float32Array,
  mean: Float64Array,
  weights: Float32Array,
): void {
  eachObserved(parameters, (from, to) => {
    for (let i = from; i < to; i++) weights[i] = point[i]! - mean[i]!;
  });
}

/** As `clearRunningStats` of a gradient that is told tensor by tensor. */
export function withoutRunningStats(
  { parameters = [] }: Pieces,
  parts: readonly DoublePart[],
): readonly DoublePart[] {
  return parts.map((part, i): DoublePart => {
    if (part.kind !== "dense" || parameters[i]?.observed !== true) return part;
    return { kind: "dense", values: new Float64Array(part.values.length) };
  });
}

/** As `averageRunningStats` of a mean that is told tensor by tensor. */
export function averageStatsByParts(
  { parameters }: Pieces,
  point: Float32Array,
  parts: readonly DoublePart[],
  weights: Float32Array,
): void {
  const means = parts.filter((_, i) => parameters?.[i]?.observed === true);
  eachObserved(parameters, (from, to) => {
    const mean = presentValues(means.shift()!);
    for (let i = from; i < to; i++) weights[i] = point[i]! - mean[i - from]!;
  });
}

export function hasRunningStats({ parameters = [] }: Pieces): boolean {
  return parameters.some(({ observed }) => observed === true);
}

function eachObserved(
  pieces: readonly ParameterSpec[] | undefined,
  visit: (from: number, to: number) => void,
): void {
  let from = 0;
  for (const { shape, observed } of pieces ?? []) {
    const to = from + shape.reduce((a, b) => a * b, 1);
    if (observed === true) visit(from, to);
    from = to;
  }
}
