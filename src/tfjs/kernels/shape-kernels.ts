import {
  getKernel,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { type InPlace, inPlaceOf } from "./in-place.ts";
import { type KernelBackend, kernelBackendOf } from "./platform.ts";

type Move = (platform: KernelBackend, x: TensorInfo, attrs: object, memory: InPlace) => TensorInfo;

const moves: Readonly<Record<string, Move>> = { Transpose: transposed, Tile: tiled };
let isDone = false;

/**
 * Kernels that only move numbers about, of which a step of attention and layer normalization has
 * dozens: the stock ones go number by number through every axis (version 4.22.0).
 */
export function registerShapeKernels(): void {
  if (isDone || getKernel("Transpose", "wasm") === undefined) return;
  isDone = true;
  shareIdentities("Identity");
  shareIdentities("Cast");
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
        const memory = inPlaceOf(args.backend as object);
        return move(kernelBackendOf("wasm", args.backend), x, args.attrs as object, memory);
      },
    });
  }
}

/** The same numbers under another name need no copy: backends count who refers to them. */
function shareIdentities(name: "Identity" | "Cast"): void {
  const own = getKernel(name, "wasm")!;
  unregisterKernel(name, "wasm");
  registerKernel({
    ...own,
    kernelFunc(args) {
      const { x } = args.inputs as { x: TensorInfo };
      const { dtype = x.dtype } = (args.attrs ?? {}) as { dtype?: string };
      if (x.dtype === "string" || x.dtype !== dtype) return own.kernelFunc(args);
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
      return rowsAt(inPlaceOf(args.backend as object), x, indices) ?? own.kernelFunc(args);
    },
  });
}

/** Null where a number is of no row: who has refused that goes on refusing it. */
function rowsAt(memory: InPlace, x: TensorInfo, indices: TensorInfo): TensorInfo | null {
  const { kernels, addressOf } = memory;
  const [rows, ...inner] = x.shape;
  const width = inner.reduce((a, b) => a * b, 1);
  const count = indices.shape.reduce((a, b) => a * b, 1);
  const out = memory.reserve([...indices.shape, ...inner]);
  const [ids, table, to] = [indices, x, out].map(addressOf) as [number, number, number];
  if (kernels.gatherFloatRows(ids, count, table, rows!, width, to) === 1) return out;
  memory.free(out);
  return null;
}

function transposed(
  platform: KernelBackend,
  x: TensorInfo,
  attrs: object,
  memory: InPlace,
): TensorInfo {
  const { perm } = attrs as { perm: number[] };
  const shape = perm.map((axis) => x.shape[axis]!);
  const sides = sidesThatSwap(perm, x.shape);
  if (sides !== null) {
    const { kernels, addressOf } = memory;
    const out = memory.reserve(shape);
    kernels.swapFloatRows(addressOf(x), ...sides, addressOf(out));
    return out;
  }
  const strides = stridesOf(x.shape);
  const steps = perm.map((axis) => strides[axis]!);
  if (steps.at(-1) === 1 && shape.length <= 5) return ordered(memory, x, shape, steps);
  const output = platform.make(shape);
  const out = platform.read(output);
  const values = platform.read(x);
  const last = shape.length - 1;
  const [side, step] = [shape[last]!, steps[last]!];
  let to = 0;
  const copy = (axis: number, from: number) => {
    if (axis < last) {
      for (let i = 0; i < shape[axis]!; i++) copy(axis + 1, from + i * steps[axis]!);
    } else {
      for (let at = from, end = from + side * step; at < end; at += step) out[to++] = values[at]!;
    }
  };
  copy(0, 0);
  return output;
}

/** Axes in another order, of up to five, the last of which stays: rows of it in turn. */
function ordered(
  memory: InPlace,
  x: TensorInfo,
  shape: readonly number[],
  steps: readonly number[],
): TensorInfo {
  const outer = Array.from({ length: 5 - shape.length }, () => 1);
  const [a, b, c, d] = [...outer, ...shape.slice(0, -1)] as Four;
  const [e, f, g, h] = [...outer, ...steps.slice(0, -1)].map((step) => 4 * step) as Four;
  const out = memory.reserve(shape);
  const [from, to] = [memory.addressOf(x), memory.addressOf(out)];
  memory.kernels.orderFloatRows(from, a, e, b, f, c, g, d, h, 4 * shape.at(-1)!, to);
  return out;
}

type Four = [number, number, number, number];

/** [outer, a, b, columns] where two groups of axes change places and no others do; or null. */
function sidesThatSwap(perm: readonly number[], shape: readonly number[]): Sides | null {
  const first = perm.findIndex((axis, at) => axis !== at);
  if (first < 0) return null;
  const [second, middle] = [perm[first]!, perm.indexOf(first)];
  const end = second + middle - first;
  const order = [
    [0, first],
    [second, end],
    [first, second],
    [end, shape.length],
  ] as const;
  const swapped = order.flatMap(([from, to]) => [...shape.keys()].slice(from, to));
  if (!swapped.every((axis, at) => axis === perm[at])) return null;
  const side = (from: number, to: number) => shape.slice(from, to).reduce((a, b) => a * b, 1);
  return [side(0, first), side(first, second), side(second, end), side(end, shape.length)];
}

type Sides = [outer: number, a: number, b: number, columns: number];

function tiled(platform: KernelBackend, x: TensorInfo, attrs: object, memory: InPlace): TensorInfo {
  const { reps } = attrs as { reps: number[] };
  const shape = x.shape.map((side, axis) => side * reps[axis]!);
  const [once, ...more] = [...reps.keys()].filter((axis) => reps[axis]! !== 1);
  if (once !== undefined && more.length === 0) return repeated(memory, x, once, shape);
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

/** Of a tensor that is repeated along one axis alone: rows from there on, copy after copy. */
function repeated(memory: InPlace, x: TensorInfo, axis: number, shape: number[]): TensorInfo {
  const { kernels, addressOf } = memory;
  const [rows, columns] = [x.shape.slice(0, axis), x.shape.slice(axis)].map((sides) =>
    sides.reduce((a, b) => a * b, 1),
  ) as [number, number];
  const out = memory.reserve(shape);
  const copies = shape[axis]! / x.shape[axis]!;
  kernels.repeatFloatRows(addressOf(x), rows, copies, columns, addressOf(out));
  return out;
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}
