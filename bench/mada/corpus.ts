import { existsSync, readFileSync } from "node:fs";
import { type Random, randomFrom } from "../../src/core/random.ts";
import type { Examples } from "../../src/math/rows.ts";

/**
 * What losses at the end are over: the first nine tenths, the last one, or the first or second
 * half of that, to choose settings by and to judge what was chosen.
 */
export type CorpusPart = "train" | "validation" | "choice" | "test";

/** Windows of a text's characters: each position is to tell the next one's character. */
export interface Corpus {
  readonly vocabulary: number;
  /** Random windows of the first nine tenths. */
  draw(count: number, random: Random): Examples;
  /** The same windows at every call. */
  fixed(part: CorpusPart, count: number): Examples;
}

/** A corpus of characters, in windows of this length; null where the file is not there. */
export function corpusOf(path: string, length: number): Corpus | null {
  if (!existsSync(path)) return null;
  const text = readFileSync(path, "utf8");
  const characters = [...new Set(text)].sort();
  const codes = new Map(characters.map((character, code) => [character, code]));
  const tokens = Float32Array.from(text, (character) => codes.get(character)!);
  const border = Math.floor(0.9 * tokens.length);
  const middle = Math.floor(0.95 * tokens.length);
  const borders: Readonly<Record<CorpusPart, readonly [number, number]>> = {
    train: [0, border],
    validation: [border, tokens.length],
    choice: [border, middle],
    test: [middle, tokens.length],
  };
  const windows = (count: number, from: number, to: number, random: Random): Examples => {
    const values = new Float32Array(count * length);
    const targets = new Float32Array(count);
    for (let row = 0; row < count; row++) {
      const at = from + random.integer(to - from - length);
      values.set(tokens.subarray(at, at + length), row * length);
      targets[row] = tokens[at + length]!;
    }
    return { rows: { kind: "dense", rows: count, columns: length, values }, targets };
  };
  return {
    vocabulary: characters.length,
    draw: (count, random) => windows(count, 0, border, random),
    fixed: (part, count) => windows(count, ...borders[part], randomFrom(`${part} windows`)),
  };
}
