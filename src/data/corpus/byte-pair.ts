/** Tokens from 256 on: each is two earlier ones, in the order in which they were merged. */
export type Merges = readonly (readonly [number, number])[];

/** A piece of text that merges never cross: bytes, and how often it stands in the corpus. */
interface Word {
  tokens: number[];
  readonly count: number;
}

/** Ids of pairs: both tokens in one number. */
const radix = 65_536;

/**
 * Byte-pair encoding: the commonest pair of neighbouring tokens becomes a token, again and again,
 * until there are `size`. Of pairs as common the first by number is taken, so the same counts give
 * the same merges. Ends early where no pair stands twice.
 */
export function learnMerges(counts: ReadonlyMap<string, number>, size: number): Merges {
  const words = [...counts].map(
    ([piece, count]): Word => ({ tokens: [...new TextEncoder().encode(piece)], count }),
  );
  const pairs = new Map<number, number>();
  const holders = new Map<number, Set<Word>>();
  for (const word of words) addPairs(word, pairs, holders);
  const merges: [number, number][] = [];
  while (256 + merges.length < size) {
    const best = commonest(pairs);
    if (best === null) break;
    const [left, right] = [Math.floor(best / radix), best % radix];
    for (const word of holders.get(best) ?? []) {
      removePairs(word, pairs);
      word.tokens = merged(word.tokens, left, right, 256 + merges.length);
      addPairs(word, pairs, holders);
    }
    pairs.delete(best);
    holders.delete(best);
    merges.push([left, right]);
  }
  return merges;
}

/** Encodes pieces of text, as merges were learned: lowest number first. */
export function bytePairEncoder(merges: Merges): (piece: string) => readonly number[] {
  const rank = new Map(merges.map(([left, right], i) => [left * radix + right, 256 + i]));
  const cache = new Map<string, readonly number[]>();
  return (piece) => {
    const before = cache.get(piece);
    if (before !== undefined) return before;
    let tokens = [...new TextEncoder().encode(piece)];
    for (;;) {
      let lowest = Number.POSITIVE_INFINITY;
      for (let i = 0; i + 1 < tokens.length; i++)
        lowest = Math.min(lowest, rank.get(tokens[i]! * radix + tokens[i + 1]!) ?? lowest);
      if (lowest === Number.POSITIVE_INFINITY) break;
      const [left, right] = merges[lowest - 256]!;
      tokens = merged(tokens, left, right, lowest);
    }
    if (cache.size >= keptMax) cache.clear();
    cache.set(piece, tokens);
    return tokens;
  };
}

const keptMax = 65_536;

/** The bytes that each token stands for. */
export function tokenBytes(merges: Merges): readonly Uint8Array[] {
  const bytes: Uint8Array[] = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  for (const [left, right] of merges)
    bytes.push(Uint8Array.from([...bytes[left]!, ...bytes[right]!]));
  return bytes;
}

function merged(tokens: readonly number[], left: number, right: number, to: number): number[] {
  const output: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      output.push(to);
      i++;
    } else output.push(tokens[i]!);
  }
  return output;
}

function addPairs(word: Word, pairs: Map<number, number>, holders: Map<number, Set<Word>>): void {
  for (const pair of pairsOf(word)) {
    pairs.set(pair, (pairs.get(pair) ?? 0) + word.count);
    const own = holders.get(pair) ?? new Set<Word>();
    holders.set(pair, own.add(word));
  }
}

function removePairs(word: Word, pairs: Map<number, number>): void {
  for (const pair of pairsOf(word)) pairs.set(pair, pairs.get(pair)! - word.count);
}

function* pairsOf({ tokens }: Word): Generator<number> {
  for (let i = 0; i + 1 < tokens.length; i++) yield tokens[i]! * radix + tokens[i + 1]!;
}

function commonest(pairs: ReadonlyMap<number, number>): number | null {
  let best: number | null = null;
  let most = 1;
  for (const [pair, count] of pairs) {
    if (count > most || (count === most && best !== null && pair < best)) {
      best = pair;
      most = count;
    }
  }
  return best;
}

/** Longer ones are cut, so that nothing grows with the text. */
const pieceCharactersMax = 64;

/**
 * Cuts a text into what byte pairs are learned within: a word with the blank before it, or a run
 * of blanks. Joined they are the text again; chunks may end anywhere.
 */
export async function* textPieces(text: AsyncIterable<string>): AsyncGenerator<string> {
  let carry = "";
  for await (const chunk of text) {
    const whole = carry + chunk;
    let end = 0;
    for (const { 0: piece, index } of whole.matchAll(pattern)) {
      // The last piece may go on in the next chunk.
      if (index + piece.length + pieceCharactersMax > whole.length) break;
      yield piece;
      end = index + piece.length;
    }
    carry = whole.slice(end);
  }
  for (const [piece] of carry.matchAll(pattern)) yield piece;
}

/** The same of a text that is there whole. */
export function piecesOf(text: string): string[] {
  return Array.from(text.matchAll(pattern), ([piece]) => piece);
}

const pattern = new RegExp(
  `\\s?\\S{1,${pieceCharactersMax - 1}}|\\s{1,${pieceCharactersMax}}`,
  "gu",
);
