import type { TensorInfo } from "@tensorflow/tfjs-core";
import { inPlaceOf } from "./in-place.ts";

/** Above so many numbers the matrices of a batch are no longer small. */
const numbersMax = 64 * 1024;

/** A product, and the bytes beside it that it took for a while. */
interface Made {
  readonly output: TensorInfo;
  readonly passingBytes: number;
}

/**
 * Products in kofn's own kernel, where the backend's tensors are and as they are, transposed or
 * not: of two matrices, and many small ones at once, as attention's heads are. Terms are added in
 * the order in which the stock kernel adds them, to the same bits. Null for what it is not made
 * for: large ones by the batch, which the stock kernel adds up block by block.
 */
export function ownProduct(
  backend: object,
  { a, b }: { readonly a: TensorInfo; readonly b: TensorInfo },
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): Made | null {
  const batch = a.shape.slice(0, -2);
  const count = batch.reduce((product, side) => product * side, 1);
  if (String(batch) !== String(b.shape.slice(0, -2))) return null;
  if (a.dtype !== "float32" || b.dtype !== "float32") return null;
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const n = transposeB ? bRows : bColumns;
  const length = m * k + k * n + m * n;
  if (length === 0 || (count > 1 && length > numbersMax)) return null;
  const place = inPlaceOf(backend);
  const output = place.reserve([...batch, m, n]);
  const panel = place.reserve([8 * k + 32]);
  const [left, right, out] = [a, b, output].map((one) => place.addressOf(one)) as Three;
  const [aRow, aTerm] = transposeA ? [4, 4 * m] : [4 * k, 4];
  const [bTerm, bColumn] = transposeB ? [4, 4 * k] : [4 * n, 4];
  const { kernels } = place;
  const room = place.addressOf(panel);
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [left + 4 * i * m * k, right + 4 * i * k * n, out + 4 * i * m * n];
    kernels.tightProduct(x, aRow, aTerm, y, bTerm, bColumn, z, 4 * n, m, k, n, room);
  }
  place.free(panel);
  return { output, passingBytes: 4 * (8 * k + 32 + count * m * n) };
}

type Three = [number, number, number];
