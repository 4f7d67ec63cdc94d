import type { TensorInfo } from "@tensorflow/tfjs-core";
import { productRoom } from "../../math/kernels/matrices.ts";
import { inPlaceOf } from "./in-place.ts";

/** Above so many numbers the matrices of a batch are no longer small. */
const numbersMax = 64 * 1024;

/** A product, and the bytes beside it that it took for a while. */
interface Made {
  readonly output: TensorInfo;
  readonly passingBytes: number;
}

/** How its operands stand, and a row that every row of the product begins with, if any. */
interface About {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly bias?: TensorInfo | undefined;
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
  { transposeA, transposeB, bias }: About,
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
  const roomBytes = productRoom(m, k, n, transposeA);
  const spare = place.reserve([roomBytes / 4]);
  const [left, right, out] = [a, b, output].map((one) => place.addressOf(one)) as Three;
  const [aRow, aTerm] = transposeA ? [4, 4 * m] : [4 * k, 4];
  const [bTerm, bColumn] = transposeB ? [4, 4 * k] : [4 * n, 4];
  const { kernels } = place;
  if (bias !== undefined)
    kernels.repeatFloatRows(place.addressOf(bias), 1, count * m, n, place.addressOf(output));
  const begun = bias === undefined ? 0 : 1;
  const room = place.addressOf(spare);
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [left + 4 * i * m * k, right + 4 * i * k * n, out + 4 * i * m * n];
    kernels.tightProduct(x, aRow, aTerm, y, bTerm, bColumn, z, 4 * n, m, k, n, room, begun);
  }
  place.free(spare);
  return { output, passingBytes: roomBytes + 4 * count * m * n };
}

type Three = [number, number, number];
