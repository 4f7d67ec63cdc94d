import { backend, backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import { inPlaceOf } from "./in-place.ts";
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
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const place = inPlaceOf(backend());
  const out = platform.make(shape);
  const pool = place.reserve([12]);
  const sizes = [batchSize, inHeight, inWidth, inChannels, outHeight, outWidth];
  const window = [info.strideHeight, info.strideWidth, info.filterHeight, info.filterWidth];
  place.integers(pool).set([...sizes, ...window, padInfo.top, padInfo.left]);
  const [at, values, slopes, sums] = [pool, input!, dy!, out].map(place.addressOf) as Four;
  place.kernels.addPoolSlopes(at, values, slopes, sums);
  place.free(pool);
  return out;
}

type Four = [number, number, number, number];
