import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type MatrixRoom, matrixRoom, paddedLength } from "../../math/kernels/matrices.ts";
import type { KernelBackend } from "./platform.ts";

/** Above so many numbers a matrix is no longer small. */
const numbersMax = 64 * 1024;

interface Room {
  readonly terms: number;
  readonly length: number;
  readonly room: MatrixRoom;
  readonly at: number;
}

let cachedRoom: Room | null = null;

/**
 * Many small products at once, as attention's heads are: one by one in kofn's own kernel, where the
 * stock one has no quick path at all. Null for what it is not made for.
 */
export function smallProducts(
  platform: KernelBackend,
  { a, b }: { readonly a: TensorInfo; readonly b: TensorInfo },
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): TensorInfo | null {
  const batch = a.shape.slice(0, -2);
  const count = batch.reduce((product, side) => product * side, 1);
  if (count < 2 || String(batch) !== String(b.shape.slice(0, -2))) return null;
  if (a.dtype !== "float32" || b.dtype !== "float32") return null;
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const n = transposeB ? bRows : bColumns;
  const width = paddedLength(n);
  const length = m * k + k * n + m * width;
  if (length > numbersMax || length === 0) return null;
  const { room, at } = roomFor(length, k);
  const left = { at, rowStride: transposeA ? 1 : k, columnStride: transposeA ? m : 1 };
  const right = {
    at: at + m * k,
    rowStride: transposeB ? 1 : n,
    columnStride: transposeB ? k : 1,
  };
  const product = { at: at + m * k + k * n, rowStride: width, columnStride: 1 };
  const output = platform.make([...batch, m, n]);
  const [out, ours, theirs] = [output, a, b].map((tensor) => platform.read(tensor)) as Three;
  const { floats } = room;
  for (let i = 0; i < count; i++) {
    floats.set(ours.subarray(i * m * k, (i + 1) * m * k), left.at);
    floats.set(theirs.subarray(i * k * n, (i + 1) * k * n), right.at);
    room.multiply(left, right, product, m, k, n);
    for (let row = 0; row < m; row++) {
      const from = product.at + row * width;
      out.set(floats.subarray(from, from + n), (i * m + row) * n);
    }
  }
  return output;
}

type Three = [Float32Array, Float32Array, Float32Array];

/** Room that is kept: the same few shapes come again and again. */
function roomFor(length: number, terms: number): Room {
  if (cachedRoom !== null && cachedRoom.length >= length && cachedRoom.terms >= terms)
    return cachedRoom;
  const most = {
    length: Math.max(length, cachedRoom?.length ?? 0),
    terms: Math.max(terms, cachedRoom?.terms ?? 0),
  };
  const room = matrixRoom(most.length, most.terms);
  cachedRoom = { ...most, room, at: room.take(most.length) };
  return cachedRoom;
}
