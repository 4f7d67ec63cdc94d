import * as z from "zod";
import { define } from "../core/registry.ts";
import { hadamardColumns } from "../math/transforms.ts";
import { aboutTwo, type FrameSize, familyChunks } from "./chunk-sizes.ts";
import { mixingCode, scattered } from "./mixing.ts";

/** N = 4^r with (N - sqrt N)/2 or (N + sqrt N)/2 columns. */
const sizes: readonly FrameSize[] = [4, 8, 16, 32, 64].flatMap((root) =>
  [root - 1, root + 1].map((other) => ({ rows: (root * other) / 2, storedRows: root * root })),
);

/**
 * Hadamard equiangular tight frame: those columns of the Sylvester matrix whose index a bent
 * function sends to one (the fewer) or to zero (the more). Any two stored rows of a full chunk
 * overlap equally and as little as N rows in n dimensions can, at the price of `hadamard`.
 */
export const hadamardEtf = define({
  name: "hadamard-etf",
  summary: "equiangular tight frame from Hadamard columns; as fast as hadamard, evener overlaps",
  reference: "bent-function columns of H_N; Welch's bound sqrt((N-n)/(n(N-1))) with equality",
  options: {
    redundancy: aboutTwo,
    chunk: z
      .int()
      .min(1)
      .max(2080)
      .default(120)
      .describe("data rows a chunk: the next of 6, 10, 28, 36, 120, 136, 496, 528, 2016, 2080"),
  },
  examples: [{}, { chunk: 136 }],
  create({ chunk }) {
    const { size, ...chunks } = familyChunks(sizes, chunk);
    return mixingCode({
      redundancy: size.storedRows / size.rows,
      tight: true,
      ...chunks,
      encoder(shape, random) {
        const columns = bentColumns(shape.storedRows, shape.rows);
        const order = random.fork("columns").permutation(columns.length);
        const places = order.subarray(0, shape.rows).map((at) => columns[at]!);
        return scattered(places, shape, shape.storedRows, hadamardColumns);
      },
    });
  },
});

/** The smaller of the two column sets of H_N that has `rows` columns at least. */
function bentColumns(size: number, rows: number): Uint32Array {
  const fewer = (size - Math.sqrt(size)) / 2;
  const value = rows <= fewer ? 1 : 0;
  return Uint32Array.from(Array(size).keys()).filter((column) => bent(column) === value);
}

/** x1 x2 + x3 x4 + ... modulo 2 over the bits of `index`: how many base-4 digits are 3. */
function bent(index: number): 0 | 1 {
  let isOdd = false;
  for (let digits = index; digits > 0; digits >>= 2) if ((digits & 3) === 3) isOdd = !isOdd;
  return isOdd ? 1 : 0;
}
