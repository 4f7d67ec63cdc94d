import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelBackend } from "./platform.ts";

type Pooling = Parameters<typeof backend_util.computePool2DInfo>;

interface PoolAttrs {
  readonly filterSize: Pooling[1];
  readonly strides: Pooling[2];
  readonly pad: Pooling[4];
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/**
 * dL/dx of the largest in each window: the whole slope to the first that is largest. In place of
 * the stock kernel, which gives nothing to a window whose largest number is negative (version
 * 4.22.0).
 */
export function maxPoolGradient(
  platform: KernelBackend,
  { dy, input }: Readonly<Record<string, TensorInfo>>,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttrs,
): TensorInfo {
  const shape = input!.shape as Pooling[0];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const out = platform.make(shape);
  const sums = platform.read(out);
  const values = platform.read(input!);
  const slopes = platform.read(dy!);
  const { outHeight, outWidth, inChannels } = info;
  for (let b = 0; b < info.batchSize; b++)
    for (let y = 0; y < outHeight; y++)
      for (let x = 0; x < outWidth; x++)
        for (let channel = 0; channel < inChannels; channel++) {
          const at = ((b * outHeight + y) * outWidth + x) * inChannels + channel;
          const largest = largestIn(info, values, { b, y, x, channel });
          if (largest >= 0) sums[largest]! += slopes[at]!;
        }
  return out;
}

/** Where the largest of a window stands; -1 for a window that lies outside. */
function largestIn(
  info: ReturnType<typeof backend_util.computePool2DInfo>,
  values: Float32Array,
  { b, y, x, channel }: { b: number; y: number; x: number; channel: number },
): number {
  const { inHeight, inWidth, inChannels, padInfo } = info;
  const top = y * info.strideHeight - padInfo.top;
  const left = x * info.strideWidth - padInfo.left;
  const bottom = Math.min(inHeight, top + info.filterHeight);
  const right = Math.min(inWidth, left + info.filterWidth);
  let best = -1;
  for (let inY = Math.max(0, top); inY < bottom; inY++)
    for (let inX = Math.max(0, left); inX < right; inX++) {
      const at = ((b * inHeight + inY) * inWidth + inX) * inChannels + channel;
      if (best < 0 || values[at]! > values[best]!) best = at;
    }
  return best;
}
