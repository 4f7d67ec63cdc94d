import { type GradConfig, reshape, sum, type Tensor } from "@tensorflow/tfjs-core";

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
