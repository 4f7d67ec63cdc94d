import { RunError } from "../../core/errors.ts";
import { kofnVersion } from "../../core/version.ts";
import { tokenize13a } from "./tokenize-13a.ts";

/** How near translations are to references, and what that is made of. */
export interface Bleu {
  /** From 0 to 100. */
  readonly score: number;
  /** Of 1 to 4 tokens in a row, in percent. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  readonly translationTokens: number;
  readonly referenceTokens: number;
  /** How it was counted, in sacreBLEU's notation. */
  readonly signature: string;
}

const orderMax = 4;

/** Sums over lines: they add up, so texts need not be held. */
export interface BleuCounts {
  lines: number;
  translationTokens: number;
  referenceTokens: number;
  readonly matches: number[];
  readonly totals: number[];
}

export function emptyBleuCounts(): BleuCounts {
  const zeros = () => Array.from({ length: orderMax }, () => 0);
  const tokens = { translationTokens: 0, referenceTokens: 0 };
  return { lines: 0, ...tokens, matches: zeros(), totals: zeros() };
}

/** Counts one line against its reference. */
export function countBleu(counts: BleuCounts, translation: string, reference: string): void {
  const [hypothesis, target] = [tokenize13a(translation), tokenize13a(reference)];
  counts.lines++;
  counts.translationTokens += hypothesis.length;
  counts.referenceTokens += target.length;
  for (let order = 1; order <= orderMax; order++) {
    const there = runs(target, order);
    for (const [run, count] of runs(hypothesis, order))
      counts.matches[order - 1]! += Math.min(count, there.get(run) ?? 0);
    counts.totals[order - 1]! += Math.max(0, hypothesis.length - order + 1);
  }
}

function runs(tokens: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at + order <= tokens.length; at++) {
    // No token has a blank in it.
    const run = tokens.slice(at, at + order).join(" ");
    counts.set(run, (counts.get(run) ?? 0) + 1);
  }
  return counts;
}

/**
 * BLEU of a corpus by sacreBLEU's definition: tokens of 13a, case as it is, one reference a line,
 * exponential smoothing. A run of tokens that nothing matches counts 1/2, the next 1/4, and so on,
 * over how many there are; where no line is long enough for some order, the score is 0.
 */
export function bleuOf(counts: BleuCounts): Bleu {
  const { matches, totals, translationTokens, referenceTokens } = counts;
  const isShort = translationTokens < referenceTokens;
  const shortPenalty =
    translationTokens > 0 ? Math.exp(1 - referenceTokens / translationTokens) : 0;
  const brevityPenalty = isShort ? shortPenalty : 1;
  const precisions = [0, 0, 0, 0];
  const shape = { precisions, brevityPenalty, translationTokens, referenceTokens, signature };
  if (matches.every((count) => count === 0)) return { ...shape, score: 0 };
  let smallest = 1;
  for (const [at, total] of totals.entries()) {
    if (total === 0) break;
    if (matches[at] === 0) smallest /= 2;
    precisions[at] = (100 * (matches[at] === 0 ? smallest : matches[at]!)) / total;
  }
  if (precisions.includes(0)) return { ...shape, score: 0 };
  const mean = precisions.reduce((sum, one) => sum + Math.log(one), 0) / orderMax;
  return { ...shape, score: brevityPenalty * Math.exp(mean) };
}

const signature = `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:kofn-${kofnVersion}`;

/**
 * BLEU of lines against references. Throws `RunError` where there are more of the one than of the
 * other, which sacreBLEU does not notice.
 */
export function corpusBleu(translations: readonly string[], references: readonly string[]): Bleu {
  if (translations.length !== references.length)
    throw new RunError(
      "bad-pairs",
      `${translations.length} translations, ${references.length} references`,
      { hint: "line i of the references must be that of line i of the translations" },
    );
  const counts = emptyBleuCounts();
  for (const [i, line] of translations.entries()) countBleu(counts, line, references[i]!);
  return bleuOf(counts);
}
