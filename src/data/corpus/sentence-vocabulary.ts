import { RunError } from "../../core/errors.ts";
import { specialTokens } from "../../core/text.ts";
import { bytePairEncoder, learnMerges, type Merges, piecesOf, tokenBytes } from "./byte-pair.ts";
import {
  readSentencePiece,
  type SentencePieceVocabulary,
  sentencePieceCodec,
} from "./sentence-piece.ts";
import {
  joinSubwords,
  readCodes,
  type SubwordNmtVocabulary,
  subwordNmtCutter,
} from "./subword-nmt.ts";
import { tokenLabels } from "./vocabulary.ts";

/** What tokens of sentences stand for, in both languages alike: plain data, saved with models. */
export type SentenceVocabulary =
  | { readonly kind: "bytePair"; readonly merges: Merges }
  | SubwordNmtVocabulary
  | SentencePieceVocabulary;

/** How a spec asks for one. */
export type SentenceVocabularyChoice =
  | { readonly bytePair: number }
  | { readonly subwordNmt: string; readonly tokens: number }
  | { readonly sentencePiece: string; readonly tokens: number };

const specialLabels = ["<padding>", "<begin>", "<end>", "<unknown>"] as const;
const firstToken = specialLabels.length;

/** The most tokens that a choice can come to, special ones included: rows of an embedding. */
export function tokensMax(choice: SentenceVocabularyChoice): number {
  return firstToken + ("bytePair" in choice ? choice.bytePair : choice.tokens);
}

/** Sentences as tokens and back. */
export interface SentenceCodec {
  /** How many tokens there are, special ones included. */
  readonly size: number;
  readonly labels: readonly string[];
  /** Without beginning and end. What is in no token becomes `specialTokens.unknown`. */
  encode(sentence: string): number[];
  /** As a row of data has a sentence. */
  withEnd(tokens: readonly number[]): number[];
  /** Leaves special tokens out, but for the unknown one. */
  decode(tokens: readonly number[]): string;
}

/**
 * Learns or reads a vocabulary; `sentences` are those of both languages and go by once. `read`
 * gives a file's bytes. Throws `RunError` for a file that cannot be used or has too many tokens.
 */
export async function openVocabulary(
  choice: SentenceVocabularyChoice,
  sentences: AsyncIterable<string>,
  read: (path: string) => Promise<Uint8Array>,
): Promise<SentenceVocabulary> {
  if ("bytePair" in choice) {
    const counts = new Map<string, number>();
    for await (const sentence of sentences)
      for (const piece of wordsIn(sentence)) count(counts, piece);
    return { kind: "bytePair", merges: learnMerges(counts, choice.bytePair) };
  }
  if ("subwordNmt" in choice) {
    const text = new TextDecoder().decode(await read(choice.subwordNmt));
    const codes = readCodes(text, choice.subwordNmt);
    const cut = subwordNmtCutter(codes);
    const counts = new Map<string, number>();
    for await (const sentence of sentences) for (const token of cut(sentence)) count(counts, token);
    const all = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    return { ...codes, tokens: all.slice(0, choice.tokens).map(([token]) => token) };
  }
  const vocabulary = readSentencePiece(await read(choice.sentencePiece), choice.sentencePiece);
  if (vocabulary.pieces.length <= choice.tokens) return vocabulary;
  throw new RunError(
    "bad-vocabulary",
    `${choice.sentencePiece}: it has ${vocabulary.pieces.length} pieces, ` +
      `data.pairs.vocabulary.tokens says ${choice.tokens}`,
    { hint: `set data.pairs.vocabulary.tokens: ${vocabulary.pieces.length}` },
  );
}

function count(counts: Map<string, number>, what: string): void {
  const before = counts.get(what);
  // Rare ones beyond the bound are encoded by what the others taught.
  if (before !== undefined || counts.size < 1_000_000) counts.set(what, (before ?? 0) + 1);
}

/** The codec of a vocabulary: the same text gives the same tokens wherever it is used. */
export function sentenceCodec(vocabulary: SentenceVocabulary): SentenceCodec {
  const own = ownCodec(vocabulary);
  const labels = [...specialLabels, ...own.labels];
  return {
    size: labels.length,
    labels,
    encode: (sentence) =>
      own.encode(sentence).map((id) => (id === null ? specialTokens.unknown : id + firstToken)),
    withEnd: (tokens) => [...tokens, specialTokens.end],
    decode(tokens) {
      const wanted = tokens.filter((id) => id >= specialTokens.unknown && id < labels.length);
      return own.decode(
        wanted.map((id) => (id === specialTokens.unknown ? null : id - firstToken)),
      );
    },
  };
}

/** A vocabulary's own numbers, from 0; null is what it does not know. */
interface OwnCodec {
  readonly labels: readonly string[];
  encode(sentence: string): (number | null)[];
  decode(ids: readonly (number | null)[]): string;
}

function ownCodec(vocabulary: SentenceVocabulary): OwnCodec {
  if (vocabulary.kind === "sentencePiece") return sentencePieceCodec(vocabulary);
  return vocabulary.kind === "bytePair"
    ? bytePairCodec(vocabulary.merges)
    : subwordNmtCodec(vocabulary);
}

/** A sentence's first word has a blank before it as well: it is the same word anywhere. */
function wordsIn(sentence: string): string[] {
  return sentence === "" ? [] : piecesOf(` ${sentence}`);
}

function bytePairCodec(merges: Merges): OwnCodec {
  const encodeWord = bytePairEncoder(merges);
  const bytes = tokenBytes(merges);
  return {
    labels: tokenLabels({ kind: "bytePair", merges }),
    encode: (sentence) => wordsIn(sentence).flatMap((word) => [...encodeWord(word)]),
    decode(ids) {
      const utf8 = ids.flatMap((id) => (id === null ? [...unknownBytes] : [...bytes[id]!]));
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(utf8));
      return text.replace(/^ /, "");
    },
  };
}

const unknownBytes = new TextEncoder().encode("\u{fffd}");

function subwordNmtCodec(vocabulary: SubwordNmtVocabulary): OwnCodec {
  const cut = subwordNmtCutter(vocabulary);
  const { tokens } = vocabulary;
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  return {
    labels: tokens,
    encode: (sentence) => cut(sentence).map((token) => idOf.get(token) ?? null),
    decode: (ids) => joinSubwords(ids.map((id) => (id === null ? "\u{fffd}" : tokens[id]!))),
  };
}
