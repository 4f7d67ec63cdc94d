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

/** Sentences of different lengths as a table, of at least so many columns. */
export function tokenTableOf(sentences: readonly (readonly number[])[], least = 1): TokenTable {
  const length = sentences.reduce((longest, one) => Math.max(longest, one.length), least);
  const tokens = new Int32Array(sentences.length * length);
  for (const [row, sentence] of sentences.entries()) tokens.set(sentence, row * length);
  return { rows: sentences.length, length, tokens };
}

/**
 * Pairs out of stored rows: the source from column 0 on, the target from the middle on, as
 * `data/prepare/prepare-pairs.ts` writes them.
 */
export function paddedPairs(rows: Rows, places: readonly number[], least = 1): PaddedPairs {
  const pairs = places.map((row) => sidesOf(rows, row));
  const targets = pairs.map(({ target }) => target);
  const decoderInput = targets.map((target) => [specialTokens.begin, ...target.slice(0, -1)]);
  return {
    source: tokenTableOf(
      pairs.map(({ source }) => source),
      least,
    ),
    decoderInput: tokenTableOf(decoderInput, least),
    labels: tokenTableOf(targets, least).tokens,
  };
}

/** All rows of some dense ones, both sides padded to the longest of any, at least `least`. */
export function evenPairs(values: Float32Array, rows: number, least = 1): PaddedPairs {
  const all: Rows = { kind: "dense", rows, columns: values.length / rows, values };
  const longest = longerSides(all).reduce((most, one) => Math.max(most, one), least);
  return paddedPairs(all, [...Array(rows).keys()], longest);
}

/**
 * What a token of each row counts in the loss: the row's target over its tokens. A row of padding
 * alone counts nothing, whatever its target.
 */
export function tokenFactors(labels: Int32Array, targets: ArrayLike<number>): Float64Array {
  const length = labels.length / targets.length;
  return Float64Array.from(targets, (target, row) => {
    const own = labels.subarray(row * length, (row + 1) * length);
    const tokens = own.reduce((count, token) => count + (token === 0 ? 0 : 1), 0);
    return tokens === 0 ? 0 : target / tokens;
  });
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
