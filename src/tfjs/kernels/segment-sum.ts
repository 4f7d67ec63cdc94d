import type { TensorInfo } from "@tensorflow/tfjs-core";
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
