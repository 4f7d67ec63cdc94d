import { numberIn, truthOf } from "./cell.ts";
import { fixedLevels, type Levels } from "./table.ts";

type Meaning = (word: string) => string | null;

/**
 * What words mean besides their letters, where all of a column do: formats spell truth values and
 * numbers differently (True, TRUE, true, 1; 1, 1.0). Null for words that are only words.
 */
function meaningOf(words: readonly string[]): Meaning | null {
  for (const meaning of [truth, value]) {
    const meanings = words.map(meaning);
    // Words of one meaning, such as 01 and 1, are told apart by their letters.
    if (meanings.every((one) => one !== null) && new Set(meanings).size === words.length)
      return words.length === 0 ? null : meaning;
  }
  return null;
}

/** Whether words are what truth values are written as. */
export function areTruths(words: readonly string[]): boolean {
  return meaningOf(words) === truth;
}

function truth(word: string): string | null {
  const one = truthOf(word) ?? numberIn(word);
  return one === 0 || one === 1 ? String(one) : null;
}

function value(word: string): string | null {
  const one = numberIn(word);
  return one === undefined ? null : String(one === 0 ? 0 : one);
}

/** From a word to the place of the one of `words` that means the same; NaN where none does. */
export function twinFinder(words: readonly string[]): (word: string) => number {
  const meaning = meaningOf(words);
  if (meaning === null) return () => Number.NaN;
  const places = new Map(words.map((word, i) => [meaning(word), i]));
  return (word) => {
    const one = meaning(word);
    return one === null ? Number.NaN : (places.get(one) ?? Number.NaN);
  };
}

/** Levels that a model knows: those words, however another file spells them. */
export function knownLevels(names: readonly string[]): Levels {
  return { ...fixedLevels(names), find: twinFinder(names) };
}

/** Levels that another file has filled: its words, and more as they come. */
export function sameLevels(levels: Levels): Levels {
  return levels.find === undefined ? { ...levels, find: twinFinder(levels.names) } : levels;
}
