import {
  getKernel,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { type KernelBackend, kernelBackendOf } from "./platform.ts";

type Move = (platform: KernelBackend, x: TensorInfo, attrs: object) => TensorInfo;

const moves: Readonly<Record<string, Move>> = { Transpose: transposed, Tile: tiled };
let isDone = false;

/**
 * Kernels that only move numbers about, of which a step of attention and layer normalization has
 * dozens: the stock ones go number by number through every axis (version 4.22.0).
 */
export function registerShapeKernels(): void {
  if (isDone || getKernel("Transpose", "wasm") === undefined) return;
  isDone = true;
  shareIdentities();
  replaceGather();
  for (const [name, move] of Object.entries(moves)) {
    const own = getKernel(name, "wasm")!;
    unregisterKernel(name, "wasm");
    registerKernel({
      ...own,
      kernelFunc(args) {
        const { x } = args.inputs as { x: TensorInfo };
        const isOurs = x.dtype === "float32" && x.shape.length > 0 && !x.shape.includes(0);
        if (!isOurs) return own.kernelFunc(args);
        return move(kernelBackendOf("wasm", args.backend), x, args.attrs as object);
      },
    });
  }
}

/** The same numbers under another name need no copy: backends count who refers to them. */
function shareIdentities(): void {
  const own = getKernel("Identity", "wasm")!;
  unregisterKernel("Identity", "wasm");
  registerKernel({
    ...own,
    kernelFunc(args) {
      const { x } = args.inputs as { x: TensorInfo };
      if (x.dtype === "string") return own.kernelFunc(args);
      (args.backend as { incRef(id: object): void }).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
}

/** Rows of a matrix by their numbers, copied row by row. */
function replaceGather(): void {
  const own = getKernel("GatherV2", "wasm")!;
  unregisterKernel("GatherV2", "wasm");
  registerKernel({
    ...own,
    kernelFunc(args) {
      const { x, indices } = args.inputs as { x: TensorInfo; indices: TensorInfo };
      const { axis, batchDims = 0 } = args.attrs as unknown as { axis: number; batchDims?: number };
      const isOurs = x.dtype === "float32" && indices.dtype === "int32" && axis === 0;
      if (!isOurs || batchDims !== 0 || x.shape.includes(0) || indices.shape.includes(0))
        return own.kernelFunc(args);
      return rowsAt(kernelBackendOf("wasm", args.backend), x, indices) ?? own.kernelFunc(args);
    },
  });
}

/** Null where a number is of no row: who has refused that goes on refusing it. */
function rowsAt(platform: KernelBackend, x: TensorInfo, indices: TensorInfo): TensorInfo | null {
  const [rows, ...inner] = x.shape;
  const width = inner.reduce((a, b) => a * b, 1);
  if (!platform.readIntegers(indices).every((id) => id >= 0 && id < rows!)) return null;
  const output = platform.make([...indices.shape, ...inner]);
  const [out, values] = [platform.read(output), platform.read(x)];
  copyRows(out, values, platform.readIntegers(indices), width);
  return output;
}

function copyRows(to: Float32Array, from: Float32Array, ids: Int32Array, width: number): void {
  for (let row = 0; row < ids.length; row++) {
    const at = ids[row]! * width;
    if (width > 16) to.set(from.subarray(at, at + width), row * width);
    else for (let j = 0; j < width; j++) to[row * width + j] = from[at + j]!;
  }
}

function transposed(platform: KernelBackend, x: TensorInfo, attrs: object): TensorInfo {
  const { perm } = attrs as { perm: number[] };
  const shape = perm.map((axis) => x.shape[axis]!);
  const strides = stridesOf(x.shape);
  const steps = perm.map((axis) => strides[axis]!);
  const output = platform.make(shape);
  const out = platform.read(output);
  const values = platform.read(x);
  const last = shape.length - 1;
  const [side, step] = [shape[last]!, steps[last]!];
  let to = 0;
  const copy = (axis: number, from: number) => {
    if (axis < last) {
      for (let i = 0; i < shape[axis]!; i++) copy(axis + 1, from + i * steps[axis]!);
    } else if (step === 1 && side > 16) {
      out.set(values.subarray(from, from + side), to);
      to += side;
    } else {
      for (let at = from, end = from + side * step; at < end; at += step) out[to++] = values[at]!;
    }
  };
  copy(0, 0);
  return output;
}

function tiled(platform: KernelBackend, x: TensorInfo, attrs: object): TensorInfo {
  const { reps } = attrs as { reps: number[] };
  const shape = x.shape.map((side, axis) => side * reps[axis]!);
  const output = platform.make(shape);
  if (shape.includes(0)) return output;
  const out = platform.read(output);
  const values = platform.read(x);
  const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
  const last = Math.max(
    0,
    reps.findLastIndex((times) => times > 1),
  );
  // Everything from this axis on lies together.
  const run = x.shape[last]! * from[last]!;
  const fill = (axis: number, at: number, into: number) => {
    const block = x.shape[axis]! * to[axis]!;
    if (axis === last && run === 1) out.fill(values[at]!, into, into + reps[axis]!);
    else {
      if (axis === last) for (let i = 0; i < run; i++) out[into + i] = values[at + i]!;
      else
        for (let i = 0; i < x.shape[axis]!; i++)
          fill(axis + 1, at + i * from[axis]!, into + i * to[axis]!);
      for (let copy = 1; copy < reps[axis]!; copy++)
        out.copyWithin(into + copy * block, into, into + block);
    }
  };
  fill(0, 0, 0);
  return output;
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}
