import * as z from "zod";
import type { Random } from "../core/random.ts";
import { define } from "../core/registry.ts";
import { hadamardMatrix, isHadamardOrder, isSylvesterOrder } from "../math/hadamard-matrix.ts";
import { combineRows } from "../math/products.ts";
import { hadamardColumns } from "../math/transforms.ts";
import { aboutTwo, type Dealing, type FrameSize, familyChunks } from "./chunk-sizes.ts";
import { assignSlots, type MixingCode } from "./encoding.ts";
import { type ChunkShape, mixingCode, workspace } from "./mixing.ts";

const orderMax = 64;

/** v^2 by v(v-1)/2 for every order v of a Hadamard matrix. */
const sizes: readonly FrameSize[] = Array.from({ length: orderMax - 3 }, (_, i) => i + 4)
  .filter(isHadamardOrder)
  .map((v) => ({ rows: (v * (v - 1)) / 2, storedRows: v * v }));

/**
 * Steiner equiangular tight frame: data rows are the pairs {i, j} of v blocks, and each block mixes
 * the v - 1 pairs it is in by the columns of a Hadamard matrix of order v, all but the first. A
 * stored row touches only v - 1 data rows, about sqrt(2n). Stored rows are dealt at random: with
 * whole blocks at slots, row {i, j} is lost with slots i and j.
 */
export const steiner = define({
  name: "steiner",
  summary: "sparse equiangular tight frame: a stored row mixes only about sqrt(2n) rows of a chunk",
  reference: "Fickus, Mixon, Tremain, Steiner equiangular tight frames, arXiv 1009.5730",
  options: {
    redundancy: aboutTwo,
    chunk: z
      .int()
      .min(1)
      .max(2016)
      .default(120)
      .describe("data rows a chunk: the next v(v-1)/2, v a Hadamard order: 28, 66, 120, 190, ..."),
    deal: z
      .enum(["rows", "blocks"])
      .default("rows")
      .describe(
        "rows: each stored row to a random slot; blocks: what mixes the same v - 1 data rows " +
          "stays together, so that a slot needs only two data rows for each of its share, and " +
          "protects less",
      ),
  },
  examples: [{}, { chunk: 190 }, { deal: "blocks" }],
  create({ chunk, deal: dealt }) {
    const { size, ...chunks } = familyChunks(
      sizes,
      chunk,
      dealt === "blocks" ? byBlock : undefined,
    );
    return mixingCode({
      ...(dealt === "blocks" ? { deal: dealBlocks } : {}),
      redundancy: size.storedRows / size.rows,
      tight: true,
      ...chunks,
      encoder(shape, random) {
        const v = Math.sqrt(shape.storedRows);
        return byBlocks(v, pairsOf(v, shape, random), shape);
      },
      sources(shape, random) {
        const v = Math.sqrt(shape.storedRows);
        const members = membersOf(v, pairsOf(v, shape, random));
        return (stored) => {
          const block = Math.floor(stored / v);
          return members.subarray(block * v, (block + 1) * v).filter((row) => row >= 0);
        };
      },
    });
  },
});

/** The number of the pair that each data row is. */
function pairsOf(v: number, { rows }: ChunkShape, random: Random): Uint32Array {
  return random
    .fork("columns")
    .permutation((v * (v - 1)) / 2)
    .subarray(0, rows);
}

const orderOf = ({ storedRows }: FrameSize) => Math.sqrt(storedRows);

const byBlock: Dealing = {
  inWords: "a block",
  workersMax: orderOf,
  serves: (size, workers) => orderOf(size) >= workers,
};

/** Whole blocks to slots, at random. */
function dealBlocks(storedRows: number, workers: number, random: Random): Uint16Array {
  const v = Math.sqrt(storedRows);
  const slotOf = assignSlots(v, workers, random);
  return Uint16Array.from({ length: storedRows }, (_, stored) => slotOf[Math.floor(stored / v)]!);
}

function byBlocks(v: number, pairs: Uint32Array, { scale }: ChunkShape): MixingCode["encode"] {
  const factor = Math.sqrt(scale / (2 * v));
  const members = membersOf(v, pairs);
  const transform = isSylvesterOrder(v) ? hadamardColumns : bySigns(hadamardMatrix(v));
  return (values, columns, out) => {
    const block = workspace(v * columns);
    for (let i = 0; i < v; i++) {
      block.fill(0);
      for (let place = 1; place < v; place++) {
        const row = members[i * v + place]!;
        if (row < 0) continue;
        for (let j = 0; j < columns; j++) block[place * columns + j] = values[row * columns + j]!;
      }
      transform(block, v, columns);
      const to = i * v * columns;
      for (let at = 0; at < block.length; at++) out[to + at] = block[at]! * factor;
    }
  };
}

/**
 * The data row at each place of each block, -1 for none. Place 0 stays empty; the pair {i, j} is at
 * place j of block i where j > i, and one further where j < i.
 */
function membersOf(v: number, pairs: Uint32Array): Int32Array {
  const members = new Int32Array(v * v).fill(-1);
  const rowOf = new Int32Array((v * (v - 1)) / 2).fill(-1);
  for (const [row, pair] of pairs.entries()) rowOf[pair] = row;
  let pair = 0;
  for (let i = 0; i < v; i++) {
    for (let j = i + 1; j < v; j++) {
      members[i * v + j] = rowOf[pair]!;
      members[j * v + i + 1] = rowOf[pair]!;
      pair++;
    }
  }
  return members;
}

/** The product with a matrix of signs, where there is no fast transform. */
function bySigns(signs: Int8Array): typeof hadamardColumns {
  const factors = Float64Array.from(signs);
  return (values, size, columns) => {
    const copy = values.slice();
    for (let i = 0; i < size; i++) {
      const out = values.subarray(i * columns, (i + 1) * columns);
      combineRows(factors.subarray(i * size, (i + 1) * size), copy, 0, out);
    }
  };
}
