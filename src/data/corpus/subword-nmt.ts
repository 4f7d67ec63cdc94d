import { RunError } from "../../core/errors.ts";

/** A codes file of subword-nmt, and the tokens that the training text is made of with it. */
export interface SubwordNmtVocabulary {
  readonly kind: "subwordNmt";
  /** The end of a word is a symbol of its own: codes of version 0.1. */
  readonly endsApart: boolean;
  /** The earliest merge first. */
  readonly merges: readonly (readonly [string, string])[];
  /** As the tool writes them, `@@` at the end of what a word goes on after. */
  readonly tokens: readonly string[];
}

const wordEnd = "</w>";
const separator = "@@";

/** Reads a codes file. Throws `RunError` at a line that is no pair. */
export function readCodes(text: string, name: string): Omit<SubwordNmtVocabulary, "tokens"> {
  const lines = text.replace(/\n+$/, "").split("\n");
  const version = /^#version:\s*(.*)$/.exec(lines[0]!)?.[1]?.trim();
  if (version !== undefined && !/^0\.[12](\.0+)*$/.test(version))
    throw new RunError(
      "bad-vocabulary",
      `${name}: codes of version ${version}, expected 0.1 or 0.2`,
    );
  const first = version === undefined ? 0 : 1;
  const merges = lines.slice(first).map((line, i): [string, string] => {
    const [left, right, ...more] = line.replace(/^[\r\n ]+|[\r\n ]+$/g, "").split(" ");
    if (left !== undefined && right !== undefined && left !== "" && more.length === 0)
      return [left, right];
    throw new RunError(
      "bad-vocabulary",
      `${name}: line ${i + first + 1}: ${JSON.stringify(line)}, expected two symbols and a blank`,
      { hint: "give the file that subword-nmt learn-bpe wrote" },
    );
  });
  return { kind: "subwordNmt", endsApart: !version?.startsWith("0.2"), merges };
}

/** Cuts a sentence as `subword-nmt apply-bpe` does: at blanks, then each word by the merges. */
export function subwordNmtCutter({
  endsApart,
  merges,
}: Pick<SubwordNmtVocabulary, "endsApart" | "merges">): (sentence: string) => string[] {
  const ranks = new Map<string, number>();
  // Of two that are the same the first counts.
  for (const [rank, [left, right]] of merges.entries()) {
    const pair = `${left} ${right}`;
    if (!ranks.has(pair)) ranks.set(pair, rank);
  }
  const cache = new Map<string, readonly string[]>();
  const cut = (word: string): readonly string[] => {
    const before = cache.get(word);
    if (before !== undefined) return before;
    const symbols = mergedSymbols(startOf(word, endsApart), ranks);
    const tokens = symbols.map((symbol, i) =>
      i === symbols.length - 1 ? symbol : symbol + separator,
    );
    if (cache.size >= keptMax) cache.clear();
    cache.set(word, tokens);
    return tokens;
  };
  return (sentence) =>
    sentence
      .replace(/^[\r\n ]+|[\r\n ]+$/g, "")
      .split(" ")
      .flatMap((word) => (word === "" ? [] : cut(word)));
}

const keptMax = 65_536;

function startOf(word: string, endsApart: boolean): string[] {
  const characters = [...word];
  if (characters.length === 1) return characters;
  if (endsApart) return [...characters, wordEnd];
  return [...characters.slice(0, -1), characters.at(-1)! + wordEnd];
}

/** The earliest merge that there is, wherever it is, again and again. */
function mergedSymbols(start: string[], ranks: ReadonlyMap<string, number>): string[] {
  if (start.length === 1) return start;
  let symbols = start;
  while (symbols.length > 1) {
    let lowest = Number.POSITIVE_INFINITY;
    let best = "";
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`;
      const rank = ranks.get(pair);
      if (rank === undefined || rank >= lowest) continue;
      lowest = rank;
      best = pair;
    }
    if (best === "") break;
    symbols = withMerged(symbols, best);
  }
  const last = symbols.at(-1)!;
  if (last === wordEnd) return symbols.slice(0, -1);
  return last.endsWith(wordEnd)
    ? [...symbols.slice(0, -1), last.slice(0, -wordEnd.length)]
    : symbols;
}

function withMerged(symbols: readonly string[], pair: string): string[] {
  const output: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (i + 1 < symbols.length && `${symbols[i]} ${symbols[i + 1]}` === pair) {
      output.push(symbols[i]! + symbols[i + 1]!);
      i++;
    } else output.push(symbols[i]!);
  }
  return output;
}

/** The sentence that tokens are of: words are whole again. */
export function joinSubwords(tokens: readonly string[]): string {
  return tokens
    .map((token) => (token.endsWith(separator) ? token.slice(0, -separator.length) : `${token} `))
    .join("")
    .replace(/ $/, "");
}
