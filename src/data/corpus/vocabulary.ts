import { RunError } from "../../core/errors.ts";
import { bytePairEncoder, learnMerges, type Merges, textPieces, tokenBytes } from "./byte-pair.ts";

/** What tokens of a corpus stand for: plain data, saved with the model. */
export type Vocabulary =
  | { readonly kind: "characters"; readonly characters: readonly string[] }
  | { readonly kind: "bytePair"; readonly merges: Merges };

/** How a spec asks for one. */
export type VocabularyChoice = "characters" | { readonly bytePair: number };

const charactersMax = 65_536;
const piecesMax = 1_000_000;

/** Learns a vocabulary from a corpus that goes by once. */
export async function learnVocabulary(
  choice: VocabularyChoice,
  text: AsyncIterable<string>,
  name: string,
): Promise<Vocabulary> {
  if (choice === "characters") {
    const found = new Set<string>();
    for await (const chunk of text) for (const character of chunk) found.add(character);
    if (found.size > charactersMax)
      throw new RunError(
        "too-many-characters",
        `${name}: ${found.size} characters, expected at most ${charactersMax}`,
        { hint: "set data.text.vocabulary: { bytePair: 512 }" },
      );
    return { kind: "characters", characters: [...found].sort() };
  }
  const counts = new Map<string, number>();
  for await (const piece of textPieces(text)) {
    const count = counts.get(piece);
    // Rare ones beyond the bound are encoded by what the others taught.
    if (count !== undefined || counts.size < piecesMax) counts.set(piece, (count ?? 0) + 1);
  }
  return { kind: "bytePair", merges: learnMerges(counts, choice.bytePair) };
}

export function vocabularySize(vocabulary: Vocabulary): number {
  return vocabulary.kind === "characters"
    ? vocabulary.characters.length
    : 256 + vocabulary.merges.length;
}

/** The tokens of a text, as they go by. Throws `RunError` at a character that is not known. */
export async function* tokensOf(
  vocabulary: Vocabulary,
  text: AsyncIterable<string>,
  name: string,
): AsyncGenerator<readonly number[]> {
  if (vocabulary.kind === "bytePair") {
    const encode = bytePairEncoder(vocabulary.merges);
    for await (const piece of textPieces(text)) yield encode(piece);
    return;
  }
  const ids = new Map(vocabulary.characters.map((character, id) => [character, id]));
  for await (const chunk of text)
    yield Array.from(chunk, (character) => {
      const id = ids.get(character);
      if (id !== undefined) return id;
      throw new RunError(
        "unknown-character",
        `${name}: character ${JSON.stringify(character)} was not in the training text`,
        { hint: "a vocabulary of byte pairs knows every text" },
      );
    });
}

/** The text that tokens stand for. */
export function textOfTokens(vocabulary: Vocabulary, tokens: Iterable<number>): string {
  if (vocabulary.kind === "characters")
    return Array.from(tokens, (token) => vocabulary.characters[token] ?? "").join("");
  const bytes = tokenBytes(vocabulary.merges);
  return new TextDecoder().decode(
    Uint8Array.from(Array.from(tokens, (token) => [...(bytes[token] ?? [])]).flat()),
  );
}

/** A label for each token, as a class has one; of bytes that are no text their numbers. */
export function tokenLabels(vocabulary: Vocabulary): readonly string[] {
  if (vocabulary.kind === "characters") return vocabulary.characters;
  return tokenBytes(vocabulary.merges).map((bytes) => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return [...bytes].map((byte) => `<${byte.toString(16).padStart(2, "0")}>`).join("");
    }
  });
}

/** A row of text: so many tokens, and the one that comes next. */
export interface TokenWindow {
  readonly tokens: readonly number[];
  readonly target: number;
}

/** Windows of `length` tokens, `stride` apart; only those whose next token is there. */
export async function* windowsOf(
  tokens: AsyncIterable<readonly number[]>,
  { length, stride = length }: { readonly length: number; readonly stride?: number | undefined },
): AsyncGenerator<TokenWindow> {
  let held: number[] = [];
  let skip = 0;
  for await (const some of tokens) {
    for (const token of some) held.push(token);
    let from = skip;
    for (; from + length < held.length; from += stride)
      yield { tokens: held.slice(from, from + length), target: held[from + length]! };
    const done = Math.min(from, held.length);
    held = held.slice(done);
    skip = from - done;
  }
}
