import * as z from "zod";
import { define } from "../core/registry.ts";
import { isPrime } from "../math/hadamard-matrix.ts";
import { aboutTwo } from "./chunk-sizes.ts";
import { mixingCode } from "./mixing.ts";
import { byFourier, byProduct, paleyColumns } from "./paley-products.ts";

/**
 * Up to this q the product is quicker than Bluestein's transform, whose lengths are powers of two:
 * 51 against 127 ns a number at q = 137, 87 against 151 at 257, but 134 against 101 at 401.
 */
const productOrderMax = 257;

/**
 * Paley equiangular tight frame: q + 1 stored rows for (q + 1)/2, q a prime with q = 1 mod 4, from
 * the eigenvectors of the conference matrix C, SS' = I + C/sqrt(q). Its columns are (1; 1/sqrt(q),
 * ...) and, for every pair {k, -k} of squares modulo q, 2/sqrt(q) cos(2 pi kj/q) and sin(2 pi kj/q)
 * under a zero: encoding is a real Fourier transform of length q. Every column has the square norm
 * c = 2, so none need be scaled where others are dropped.
 */
export const paley = define({
  name: "paley",
  summary: "equiangular tight frame of redundancy exactly 2, by a real Fourier transform",
  reference: "Karakus, Sun, Diggavi, Yin, JMLR 20(72), 2019: Paley encoding",
  options: {
    redundancy: aboutTwo,
    chunk: z
      .int()
      .min(1)
      .max(4096)
      .default(64)
      .describe("data rows a chunk: the next (q+1)/2, q a prime with q = 1 mod 4; more if needed"),
  },
  examples: [{}, { chunk: 100 }],
  create: ({ chunk }) =>
    mixingCode({
      redundancy: 2,
      tight: true,
      refusal: () => null,
      full: (workers) => sizeFor(Math.max(chunk, workers)),
      storedRows: (rows, workers) => sizeFor(Math.max(rows, Math.ceil(workers / 2))).storedRows,
      encoder(shape, random) {
        const q = shape.storedRows - 1;
        const columns = paleyColumns(q);
        const order = random.fork("columns").permutation(columns.length);
        const used = Array.from(order.subarray(0, shape.rows), (at) => columns[at]!);
        return (q <= productOrderMax ? byProduct : byFourier)(used, q);
      },
    }),
});

/** The smallest frame with at least this many columns. */
function sizeFor(columns: number): { rows: number; storedRows: number } {
  let q = Math.max(5, 2 * columns - 1);
  while (q % 4 !== 1 || !isPrime(q)) q++;
  return { rows: (q + 1) / 2, storedRows: q + 1 };
}
