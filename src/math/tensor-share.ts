import type { TensorShare } from "../ports/model-ref.ts";

/** The shape of a share of a tensor of `shape`. Its axis must divide. */
export function shareShape(shape: readonly number[], { axis, of }: TensorShare): number[] {
  return shape.map((size, i) => (i === axis ? size / of : size));
}

/** The shape of the tensor that a share of this shape is of. */
export function wholeShape(shape: readonly number[], { axis, of }: TensorShare): number[] {
  return shape.map((size, i) => (i === axis ? size * of : size));
}

/** The share's numbers, out of the whole tensor's. */
export function takeShare<T extends Float32Array>(
  whole: T,
  shape: readonly number[],
  share: TensorShare,
): T {
  const own = whole.slice(0, whole.length / share.of) as T;
  eachRun(shape, share, (at, from, length) => own.set(whole.subarray(at, at + length), from));
  return own;
}

/** Puts a share's numbers where they stand in the whole tensor. */
export function putShare(
  own: Float32Array,
  shape: readonly number[],
  share: TensorShare,
  whole: Float32Array,
): void {
  eachRun(shape, share, (at, from, length) => whole.set(own.subarray(from, from + length), at));
}

/** Runs of numbers that stand together in the share and in the whole. */
function eachRun(
  shape: readonly number[],
  { axis, blocks, part, of }: TensorShare,
  work: (inWhole: number, inShare: number, length: number) => void,
): void {
  const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  const inner = product(shape.slice(axis + 1));
  const length = (shape[axis]! / blocks / of) * inner;
  const runs = product(shape.slice(0, axis)) * blocks;
  for (let run = 0; run < runs; run++)
    work(run * length * of + part * length, run * length, length);
}
