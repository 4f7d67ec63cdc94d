import {
  cast,
  type GradConfig,
  mul,
  reshape,
  step,
  sum,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { currentInPlace, tensorOf } from "./in-place.ts";
import type { KernelBackend } from "./platform.ts";

/**
 * Sums the rows of x that have the same number: the gradient of an embedding. One pass over x,
 * where the stock kernel goes through all of it for every number there is.
 */
export function segmentSum(
  platform: KernelBackend,
  { x, segmentIds }: Readonly<Record<string, TensorInfo>>,
  { numSegments }: { readonly numSegments: number },
): TensorInfo {
  const inner = x!.shape.slice(1);
  const width = inner.reduce((a, b) => a * b, 1);
  const out = platform.make([numSegments, ...inner]);
  const sums = platform.read(out);
  const rows = platform.read(x!);
  const ids = platform.readIntegers(segmentIds!);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0 || id >= numSegments) continue;
    const to = id * width;
    const from = row * width;
    for (let i = 0; i < width; i++) sums[to + i]! += rows[from + i]!;
  }
  return out;
}

/**
 * Of a tensor that was repeated `reps` times along each axis: the sum over its copies, by one
 * reshaping and one sum. The stock gradient slices and adds copy by copy, which made a layer
 * normalization thousands of slices a step.
 */
export const tileGradient: GradConfig = {
  kernelName: "Tile",
  inputsToSave: ["x"],
  gradFunc(dy, saved, attrs) {
    const [x] = saved as [Tensor];
    const { reps } = attrs as unknown as { reps: number[] };
    return { x: () => summedCopies(dy as Tensor, x.shape, reps) };
  },
};

function summedCopies(dy: Tensor, shape: readonly number[], reps: readonly number[]): Tensor {
  const split: number[] = [];
  const copies: number[] = [];
  for (const [axis, side] of shape.entries()) {
    const times = reps[axis]!;
    if (times > 1) {
      copies.push(split.length);
      split.push(times);
    }
    split.push(side);
  }
  if (copies.length === 0) return dy;
  return reshape(sum(reshape(dy, split), copies), [...shape]);
}

/** Through the larger of a number and zero: on WASM by one kernel. */
export const reluGradient: GradConfig = {
  kernelName: "Relu",
  inputsToSave: ["x"],
  gradFunc(dy, saved) {
    const [x] = saved as [Tensor];
    return { x: () => rectified(x, dy as Tensor) };
  },
};

function rectified(x: Tensor, slopes: Tensor): Tensor {
  const memory = currentInPlace();
  if (memory === null || x.dtype !== "float32") return mul(slopes, cast(step(x), "float32"));
  const out = memory.reserve(x.shape);
  const [from, back, to] = [x, slopes, out].map(memory.addressOf) as [number, number, number];
  memory.kernels.rectifiedSlopes(from, back, x.size, to);
  return tensorOf(out);
}
