import {
  getKernel,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { kernelBackendOf } from "./platform.ts";
import { smallProducts } from "./small-products.ts";

const name = "BatchMatMul";
let isDone = false;

/**
 * Products with a transposed operand, as every gradient of a dense layer is one: the stock kernel
 * leaves its quick path for them, and takes about ten times as long as transposing and then
 * multiplying (512 x 512, version 4.22.0).
 */
export function registerProductKernels(): void {
  const own = getKernel(name, "wasm");
  if (isDone || own === undefined) return;
  isDone = true;
  unregisterKernel(name, "wasm");
  registerKernel({
    ...own,
    kernelFunc({ inputs, backend, attrs }) {
      const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
      const platform = kernelBackendOf("wasm", backend);
      const turn = (x: TensorInfo, isTurned: boolean) =>
        isTurned ? platform.run("Transpose", { x }, { perm: lastTwoSwapped(x.shape.length) }) : x;
      const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
      const small = smallProducts(platform, { a, b }, { transposeA, transposeB });
      if (small !== null) return small;
      const [left, right] = [turn(a, transposeA), turn(b, transposeB)];
      const straight = { transposeA: false, transposeB: false };
      const output = own.kernelFunc({ inputs: { a: left, b: right }, backend, attrs: straight });
      if (left !== a) platform.free(left);
      if (right !== b) platform.free(right);
      return output;
    },
  });
}

function lastTwoSwapped(rank: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  return [...order.slice(0, -2), rank - 1, rank - 2];
}
