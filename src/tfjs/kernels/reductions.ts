import {
  div,
  type GradConfig,
  getKernel,
  registerKernel,
  reshape,
  type Tensor,
  type TensorInfo,
  tile,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { inPlaceOf } from "./in-place.ts";

let isDone = false;

/**
 * Sums and means over axes before the last, whose terms are rows: the stock kernels (version
 * 4.22.0) turn the whole tensor round first. The same bits: terms are added in the same order.
 */
export function registerReductionKernels(): void {
  if (isDone || getKernel("Mean", "wasm") === undefined) return;
  isDone = true;
  for (const name of ["Mean", "Sum"]) {
    const own = getKernel(name, "wasm")!;
    unregisterKernel(name, "wasm");
    registerKernel({
      ...own,
      kernelFunc(args) {
        const { x } = args.inputs as { x: TensorInfo };
        const { axis, keepDims } = args.attrs as { axis: number | number[]; keepDims?: boolean };
        const split = x.dtype === "float32" ? splitAt(x.shape, axis) : null;
        if (split === null) return own.kernelFunc(args);
        const { outer, terms, columns, axes } = split;
        const { kernels, reserve, addressOf } = inPlaceOf(args.backend as object);
        const out = reserve(shapeWithout(x.shape, axes, keepDims === true));
        const divisor = name === "Mean" ? terms : 1;
        kernels.sumFloatRows(addressOf(x), outer, terms, columns, divisor, addressOf(out));
        return out;
      },
    });
  }
}

interface Split {
  readonly outer: number;
  readonly terms: number;
  readonly columns: number;
  readonly axes: readonly number[];
}

/** The shape as [outer, terms, columns]; null where the axes are not side by side before others. */
function splitAt(shape: readonly number[], axis: number | readonly number[] | null): Split | null {
  const axes = [axis ?? []].flat().map((one) => (one < 0 ? one + shape.length : one));
  const [first, last] = [Math.min(...axes), Math.max(...axes)];
  if (axes.length === 0 || last - first + 1 !== axes.length) return null;
  const [outer, terms, columns] = [
    shape.slice(0, first),
    shape.slice(first, last + 1),
    shape.slice(last + 1),
  ].map((sides) => sides.reduce((a, b) => a * b, 1)) as [number, number, number];
  if (columns === 1 || outer * terms * columns === 0) return null;
  return { outer, terms, columns, axes };
}

function shapeWithout(
  shape: readonly number[],
  axes: readonly number[],
  keepsAxes: boolean,
): number[] {
  return shape.flatMap((side, at) => (!axes.includes(at) ? [side] : keepsAxes ? [1] : []));
}

/**
 * Of a mean the slope of each term is that of the mean over their number: divided once and then
 * repeated, where the stock gradient multiplies ones and divides every copy. The same bits.
 */
export const meanGradient: GradConfig = {
  kernelName: "Mean",
  inputsToSave: ["x"],
  gradFunc(dy, saved, attrs) {
    const [x] = saved as [Tensor];
    const { axis } = attrs as unknown as { axis: number | number[] | null };
    const all = x.shape.map((_, at) => at);
    const axes = [axis ?? all].flat().map((one) => (one < 0 ? one + x.rank : one));
    const once = x.shape.map((side, at) => (axes.includes(at) ? 1 : side));
    const copies = x.shape.map((side, at) => (axes.includes(at) ? side : 1));
    const terms = copies.reduce((a, b) => a * b, 1);
    return { x: () => tile(div(reshape(dy as Tensor, once), terms), copies) };
  },
};
