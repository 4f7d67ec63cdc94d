import { specialTokens } from "../../core/text.ts";
import type { Rows } from "../../math/rows.ts";

/** Some pairs of sentences, each side padded to its longest. */
export interface PaddedPairs {
  readonly source: TokenTable;
  /** What the decoder is decoderInput: the beginning, then all of the target but its end. */
  readonly decoderInput: TokenTable;
  /** What it is to say at each of these positions. */
  readonly labels: Int32Array;
}

/** Token numbers, a sentence a row, 0 where one is over. */
export interface TokenTable {
  readonly rows: number;
  readonly length: number;
  readonly tokens: Int32Array;
}

/** Sentences of different lengths as a table. */
export function tokenTableOf(sentences: readonly (readonly number[])[]): TokenTable {
  const length = sentences.reduce((longest, one) => Math.max(longest, one.length), 1);
  const tokens = new Int32Array(sentences.length * length);
  for (const [row, sentence] of sentences.entries()) tokens.set(sentence, row * length);
  return { rows: sentences.length, length, tokens };
}

/**
 * Pairs out of stored rows: the source from column 0 on, the target from the middle on, as
 * `data/prepare/prepare-pairs.ts` writes them.
 */
export function paddedPairs(rows: Rows, places: readonly number[]): PaddedPairs {
  const pairs = places.map((row) => sidesOf(rows, row));
  const targets = pairs.map(({ target }) => target);
  const decoderInput = targets.map((target) => [specialTokens.begin, ...target.slice(0, -1)]);
  return {
    source: tokenTableOf(pairs.map(({ source }) => source)),
    decoderInput: tokenTableOf(decoderInput),
    labels: tokenTableOf(targets).tokens,
  };
}

/** How many tokens each row's longer side has. */
export function longerSides(rows: Rows): Uint32Array {
  return Uint32Array.from({ length: rows.rows }, (_, row) => {
    const { source, target } = sidesOf(rows, row);
    return Math.max(source.length, target.length);
  });
}

/** A row of padding alone is a pair of nothing. */
function sidesOf(rows: Rows, row: number): { source: number[]; target: number[] } {
  const half = rows.columns / 2;
  const sides = { source: [] as number[], target: [] as number[] };
  const add = (column: number, token: number) => {
    if (token !== specialTokens.padding) (column < half ? sides.source : sides.target).push(token);
  };
  if (rows.kind === "dense") {
    const from = row * rows.columns;
    for (let column = 0; column < rows.columns; column++) add(column, rows.values[from + column]!);
    return sides;
  }
  for (let at = rows.offsets[row]!; at < rows.offsets[row + 1]!; at++)
    add(rows.indices[at]!, rows.values[at]!);
  return sides;
}
