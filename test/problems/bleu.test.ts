import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  bleuOf,
  corpusBleu,
  countBleu,
  emptyBleuCounts,
} from "../../src/problems/translation/bleu.ts";
import { tokenize13a } from "../../src/problems/translation/tokenize-13a.ts";

/** What sacreBLEU's own program says: written by scripts/conformance/sacrebleu_scores.py. */
interface Golden {
  readonly version: string;
  readonly found: readonly {
    readonly name: string;
    readonly score: number;
    readonly precisions: readonly number[];
    readonly brevityPenalty: number;
    readonly translationTokens: number;
    readonly referenceTokens: number;
    readonly signature: string;
    readonly tokens: readonly (readonly string[])[];
  }[];
}

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/bleu/${name}.json`, import.meta.url), "utf8"));
const golden = read("sacrebleu") as Golden;
const cases = read("cases") as readonly {
  readonly name: string;
  readonly translations: readonly string[];
  readonly references: readonly string[];
}[];

test.each(cases)("$name: tokens, score and all it is made of are sacreBLEU's", (one) => {
  const theirs = golden.found.find(({ name }) => name === one.name)!;
  expect(one.translations.map(tokenize13a)).toEqual(theirs.tokens);
  const ours = corpusBleu(one.translations, one.references);
  expect(Math.abs(ours.score - theirs.score)).toBeLessThan(1e-6);
  expect(Math.abs(ours.brevityPenalty - theirs.brevityPenalty)).toBeLessThan(1e-9);
  for (const [i, share] of theirs.precisions.entries())
    expect(Math.abs(ours.precisions[i]! - share)).toBeLessThan(1e-6);
  expect(ours.translationTokens).toBe(theirs.translationTokens);
  expect(ours.referenceTokens).toBe(theirs.referenceTokens);
  const settings = (signature: string) => signature.replace(/version:.*/, "");
  expect(settings(ours.signature)).toBe(settings(theirs.signature));
});

test("other counts of lines are refused, which sacreBLEU does not see", () => {
  const lines = ["a b c d e", "f g h i j"];
  expect(() => corpusBleu(lines, [...lines, "more"])).toThrow(/2 translations, 3 references/);
  expect(() => corpusBleu([...lines, "more"], lines)).toThrow(/3 translations, 2 references/);
});

test("counts add up: a text line by line is the text", () => {
  const { translations, references } = cases.find(({ name }) => name === "several lines")!;
  const counts = emptyBleuCounts();
  for (const [i, line] of translations.entries()) countBleu(counts, line, references[i]!);
  expect(bleuOf(counts)).toEqual(corpusBleu(translations, references));
});
