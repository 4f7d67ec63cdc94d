import {
  getGradient,
  getKernel,
  type NamedTensorInfoMap,
  registerGradient,
  registerKernel,
  type Tensor,
  type TensorInfo,
  unregisterGradient,
  unregisterKernel,
  zeros,
} from "@tensorflow/tfjs-core";
import { depthwiseFilterGradient, depthwiseInputGradient, filterGradient } from "./convolution.ts";
import { einsum, einsumGradient } from "./einsum.ts";
import { reluGradient, segmentSum, tileGradient } from "./gradients.ts";
import { type KernelBackend, kernelBackendOf } from "./platform.ts";
import { maxPoolGradient } from "./pooling.ts";
import { registerProductKernels } from "./products.ts";
import { meanGradient, registerReductionKernels } from "./reductions.ts";
import { registerShapeKernels } from "./shape-kernels.ts";

type Kernel = (platform: KernelBackend, inputs: never, attrs: never) => TensorInfo;

/** What the WASM backend lacks to train networks. */
const missing: Readonly<Record<string, Kernel>> = {
  Conv2DBackpropFilter: filterGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  UnsortedSegmentSum: segmentSum,
  Einsum: einsum,
};

/** What it has, but wrong. */
const mended: Readonly<Record<string, Kernel>> = { MaxPoolGrad: maxPoolGradient };

/** Registers what the WASM backend lacks to train networks; the second time it costs little. */
export function completeWasm(): void {
  registerShapeKernels();
  registerReductionKernels();
  registerProductKernels();
  for (const [name, kernel] of Object.entries(mended)) {
    if (getKernel(name, "wasm") !== undefined) unregisterKernel(name, "wasm");
    register(name, "wasm", kernel);
  }
  for (const [name, kernel] of Object.entries(missing))
    if (getKernel(name, "wasm") === undefined) register(name, "wasm", kernel);
  betterGradients();
}

/** On the plain backend only what takes many times longer than it need. */
export function registerPlainKernels(): void {
  unregisterKernel("UnsortedSegmentSum", "cpu");
  register("UnsortedSegmentSum", "cpu", segmentSum);
  betterGradients();
}

/** For every backend: what has no gradient, and what has one that is many times slower. */
function betterGradients(): void {
  if (getGradient("Einsum") === undefined) registerGradient(einsumGradient);
  mendLookUp();
  for (const gradient of [tileGradient, meanGradient, reluGradient]) {
    if (getGradient(gradient.kernelName) === gradient) continue;
    unregisterGradient(gradient.kernelName);
    registerGradient(gradient);
  }
}

/**
 * The stock gradient of looking rows up says of the places that their slopes are the places, which
 * is refused where these come from something that moves: another stage's tensor. It is zero.
 */
function mendLookUp(): void {
  const stock = getGradient("GatherV2")!;
  if (stock.gradFunc.name === lookUpName) return;
  const named = {
    [lookUpName]: (...of: Parameters<typeof stock.gradFunc>) => {
      const [, indices] = of[1] as Tensor[];
      return { ...stock.gradFunc(...of), indices: () => zeros(indices!.shape) };
    },
  };
  unregisterGradient("GatherV2");
  registerGradient({ ...stock, gradFunc: named[lookUpName]! });
}

const lookUpName = "gradientOfLookUp";

function register(kernelName: string, backendName: KernelBackend["name"], kernel: Kernel): void {
  registerKernel({
    kernelName,
    backendName,
    kernelFunc({ inputs, backend, attrs }) {
      const platform = kernelBackendOf(backendName, backend);
      return kernel(platform, inputs as NamedTensorInfoMap as never, attrs as never);
    },
  });
}
