import type { Examples } from "../../math/rows.ts";
import type { ChunkPiece } from "./chunks.ts";

/**
 * Rows and targets times the root of what each row counts: over these, sums of a quadratic loss are
 * the weighted ones, also of their mixtures. As they are where they have no weights.
 */
export function scaledByWeights(examples: Examples): Examples {
  const { rows, targets, weights } = examples;
  if (weights === undefined) return examples;
  const roots = Float64Array.from(weights, Math.sqrt);
  const values = new Float32Array(rows.values.length);
  for (let row = 0; row < rows.rows; row++) {
    const isSparse = rows.kind === "sparse";
    const from = isSparse ? rows.offsets[row]! : row * rows.columns;
    const to = isSparse ? rows.offsets[row + 1]! : from + rows.columns;
    for (let at = from; at < to; at++) values[at] = roots[row]! * rows.values[at]!;
  }
  return { rows: { ...rows, values }, targets: targets.map((target, i) => roots[i]! * target) };
}

/** The same of stored pieces. */
export async function* scaledPieces(pieces: AsyncIterable<ChunkPiece>): AsyncGenerator<ChunkPiece> {
  for await (const { start, examples } of pieces)
    yield { start, examples: scaledByWeights(examples) };
}
