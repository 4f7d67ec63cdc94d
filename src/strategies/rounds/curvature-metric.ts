import { lowestPenalised } from "../../math/penalised-quadratic.ts";
import { eachPenalized, type WeightShape } from "../../problems/penalty.ts";
import type { Problem } from "../../problems/problem.ts";

/** X'X of more features is not kept: records would be large, and a step as long as a pass. */
export const metricColumnsMax = 192;

/** X'X / n, whole and row-major, as text: its upper triangle of doubles in base64. */
export function gramText(matrix: Float64Array, columns: number): string {
  const triangle: number[] = [];
  for (let i = 0; i < columns; i++)
    for (let j = i; j < columns; j++) triangle.push(matrix[i * columns + j]!);
  return Buffer.from(Float64Array.from(triangle).buffer).toString("base64");
}

/** The whole matrix that `gramText` wrote. */
export function gramIn(text: string, columns: number): Float64Array<ArrayBuffer> {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  const triangle = new Float64Array(bytes.buffer);
  const matrix = new Float64Array(columns * columns);
  let at = 0;
  for (let i = 0; i < columns; i++)
    for (let j = i; j < columns; j++) {
      matrix[i * columns + j] = triangle[at]!;
      matrix[j * columns + i] = triangle[at++]!;
    }
  return matrix;
}

interface Model {
  readonly problem: Pick<Problem, "l1" | "l2">;
  readonly shape: WeightShape;
  /** X'X / n. */
  readonly gram: Float64Array;
}

/**
 * argmin over v of g'(v - y) + (v - y)'H(v - y) / (2 share) + l1 |v|_1, with H the curvature of the
 * whole objective's smooth part and g its gradient at y. Where g is exact and the share 1, that is
 * the optimum; where some replied, their estimate's curvature is at most H over their share, so the
 * estimate never rises. `mapping` is zero at the optimum, and the gradient where l1 is zero.
 */
export function lowestInMetric(
  { problem, shape, gram }: Model,
  asked: Float32Array,
  gradient: Float64Array,
  share: number,
): { readonly weights: Float64Array<ArrayBuffer>; readonly mapping: Float64Array<ArrayBuffer> } {
  const size = asked.length;
  const hessian = Float64Array.from(gram);
  const thresholds = new Float64Array(size);
  eachPenalized(size, shape, (j) => {
    hessian[j * size + j]! += problem.l2;
    thresholds[j] = problem.l1;
  });
  for (let i = 0; i < hessian.length; i++) hessian[i]! /= share;
  const from = Float64Array.from(asked);
  const linear = Float64Array.from(gradient);
  addProduct(hessian, from, -1, linear);
  const weights = lowestPenalised({ hessian, linear, thresholds }, from);
  const mapping = new Float64Array(size);
  addProduct(hessian, from, 1, mapping);
  addProduct(hessian, weights, -1, mapping);
  return { weights, mapping };
}

/** `out` += factor * H v. */
function addProduct(
  hessian: Float64Array,
  v: Float64Array,
  factor: number,
  out: Float64Array,
): void {
  const size = v.length;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += hessian[i * size + j]! * v[j]!;
    out[i]! += factor * sum;
  }
}
