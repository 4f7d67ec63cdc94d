import { backend_util, type TensorInfo } from "@tensorflow/tfjs-core";
import type { KernelBackend } from "./platform.ts";

type Numbers = number | [number, number];
type Inputs = Readonly<Record<string, TensorInfo>>;
type Pad = Parameters<typeof backend_util.computeConv2DInfo>[4];

interface FilterAttrs {
  readonly strides: Numbers;
  readonly pad: Pad;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape: [number, number, number, number];
}

/** Numbers of unrolled patches that are held at once. */
const patchNumbersMax = 1 << 21;

/** dL/dW of a convolution: the patches that each output saw, unrolled, times dL/dy. */
export function filterGradient(
  platform: KernelBackend,
  inputs: Inputs,
  attrs: FilterAttrs,
): TensorInfo {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { strides, pad, dimRoundingMode, filterShape } = attrs;
  if (attrs.dataFormat === "NCHW") throw new Error("channels come last in what trains on WASM");
  const shape = x.shape as [number, number, number, number];
  const info = backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
  const patch = info.filterHeight * info.filterWidth * info.inChannels;
  const outputs = info.outHeight * info.outWidth;
  const imagesAtOnce = Math.max(1, Math.floor(patchNumbersMax / (outputs * patch)));
  const result = platform.make([patch, info.outChannels]);
  for (let from = 0; from < info.batchSize; from += imagesAtOnce) {
    const count = Math.min(imagesAtOnce, info.batchSize - from);
    const patches = platform.make([patch, count * outputs]);
    const slopes = slopesOf(platform, dy, info, from, count);
    unroll(info, platform.read(x), from, count, platform.read(patches));
    const product = platform.run(
      "BatchMatMul",
      { a: patches, b: slopes },
      { transposeA: false, transposeB: false },
    );
    const sums = platform.read(result);
    const values = platform.read(product);
    for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
    for (const tensor of [patches, product]) platform.free(tensor);
    if (slopes.dataId !== dy.dataId) platform.free(slopes);
  }
  return { ...result, shape: [...filterShape] };
}

/** The slopes of some images as a matrix: of all of them the numbers stay where they are. */
function slopesOf(
  platform: KernelBackend,
  dy: TensorInfo,
  { outHeight, outWidth, outChannels, batchSize }: Info,
  from: number,
  count: number,
): TensorInfo {
  const shape = [count * outHeight * outWidth, outChannels];
  if (count === batchSize) return { ...dy, shape };
  const slopes = platform.make(shape);
  const each = outHeight * outWidth * outChannels;
  platform.read(slopes).set(platform.read(dy).subarray(from * each, (from + count) * each));
  return slopes;
}

type Info = ReturnType<typeof backend_util.computeConv2DInfo>;

/** Column (image, y, x) of `out` is the patch that this output saw; zeros beyond the edges. */
function unroll(
  info: Info,
  image: Float32Array,
  from: number,
  count: number,
  out: Float32Array,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo, strideWidth } = info;
  const columns = count * outHeight * outWidth;
  let row = 0;
  for (let high = 0; high < info.filterHeight; high++) {
    for (let wide = 0; wide < info.filterWidth; wide++) {
      // The outputs of a line whose patch has this tap inside the image.
      const shift = wide - padInfo.left;
      const first = Math.max(0, Math.ceil(-shift / strideWidth));
      const end = Math.min(outWidth, Math.ceil((inWidth - shift) / strideWidth));
      const step = strideWidth * inChannels;
      for (let channel = 0; channel < inChannels; channel++, row++) {
        for (let b = 0; b < count; b++) {
          for (let y = 0; y < outHeight; y++) {
            const inY = y * info.strideHeight - padInfo.top + high;
            if (inY < 0 || inY >= inHeight) continue;
            const line = ((from + b) * inHeight + inY) * inWidth + shift;
            const at = row * columns + (b * outHeight + y) * outWidth;
            let taken = (line + first * strideWidth) * inChannels + channel;
            for (let x = first; x < end; x++, taken += step) out[at + x] = image[taken]!;
          }
        }
      }
    }
  }
}

interface DepthwiseAttrs {
  readonly strides: Numbers;
  readonly dilations: Numbers;
  readonly pad: Pad;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
  readonly filterShape?: [number, number, number, number];
  readonly inputShape?: [number, number, number, number];
}

/** dL/dW of a convolution of every channel for itself. */
export function depthwiseFilterGradient(
  platform: KernelBackend,
  { x, dy }: Inputs,
  attrs: DepthwiseAttrs,
): TensorInfo {
  const shape = x!.shape as [number, number, number, number];
  const info = depthwiseInfo(shape, attrs.filterShape!, attrs);
  const out = platform.make(attrs.filterShape!);
  const sums = platform.read(out);
  const image = platform.read(x!);
  const slopes = platform.read(dy!);
  const { inChannels, outChannels } = info;
  const several = outChannels / inChannels;
  eachTap(info, (tap, input, output) => {
    for (let channel = 0; channel < inChannels; channel++) {
      const value = image[input * inChannels + channel]!;
      const to = (tap * inChannels + channel) * several;
      const from = output * outChannels + channel * several;
      for (let q = 0; q < several; q++) sums[to + q]! += value * slopes[from + q]!;
    }
  });
  return out;
}

/** dL/dx of a convolution of every channel for itself. */
export function depthwiseInputGradient(
  platform: KernelBackend,
  { dy, filter }: Inputs,
  attrs: DepthwiseAttrs,
): TensorInfo {
  const filterShape = filter!.shape as [number, number, number, number];
  const info = depthwiseInfo(attrs.inputShape!, filterShape, attrs);
  const out = platform.make(attrs.inputShape!);
  const sums = platform.read(out);
  const weights = platform.read(filter!);
  const slopes = platform.read(dy!);
  const { inChannels, outChannels } = info;
  const several = outChannels / inChannels;
  eachTap(info, (tap, input, output) => {
    for (let channel = 0; channel < inChannels; channel++) {
      const own = (tap * inChannels + channel) * several;
      const from = output * outChannels + channel * several;
      let sum = 0;
      for (let q = 0; q < several; q++) sum += weights[own + q]! * slopes[from + q]!;
      sums[input * inChannels + channel]! += sum;
    }
  });
  return out;
}

function depthwiseInfo(
  shape: [number, number, number, number],
  filterShape: [number, number, number, number],
  { strides, dilations, pad, dimRoundingMode }: DepthwiseAttrs,
): Info {
  const is = backend_util.computeConv2DInfo;
  return is(shape, filterShape, strides, dilations, pad, dimRoundingMode, true);
}

/** Every filter tap with the input pixel it multiplied for which output pixel. */
function eachTap(info: Info, visit: (tap: number, input: number, output: number) => void): void {
  const { inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  for (let b = 0; b < info.batchSize; b++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const output = (b * outHeight + y) * outWidth + x;
        for (let high = 0; high < info.filterHeight; high++) {
          const inY = y * info.strideHeight - padInfo.top + high * info.dilationHeight;
          if (inY < 0 || inY >= inHeight) continue;
          for (let wide = 0; wide < info.filterWidth; wide++) {
            const inX = x * info.strideWidth - padInfo.left + wide * info.dilationWidth;
            if (inX < 0 || inX >= inWidth) continue;
            visit(high * info.filterWidth + wide, (b * inHeight + inY) * inWidth + inX, output);
          }
        }
      }
    }
  }
}
