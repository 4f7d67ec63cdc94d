import { RunError } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";

/** A sentence and what it is translated to. */
export interface SentencePair {
  readonly source: string;
  readonly target: string;
}

/** Where pairs are read: two files line by line, or one with a tab in every line. */
export interface PairSources {
  readonly source: Source;
  /** Null where targets stand after a tab. */
  readonly target: Source | null;
}

/** The lines of a text, without their ends; a last line need not have one. */
export async function* sentenceLines(source: Source): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let rest = "";
  for await (const chunk of decodeText(source)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  if (rest !== "") yield rest.replace(/\r$/, "");
}

/**
 * Pairs in the order of their lines. Throws `RunError` where one side has more lines than the
 * other, or a line of a single file has no tab or several.
 */
export async function* sentencePairs({
  source,
  target,
}: PairSources): AsyncGenerator<SentencePair> {
  if (target === null) {
    let number = 0;
    for await (const line of sentenceLines(source)) yield pairIn(line, ++number, source.name);
    return;
  }
  const targets = sentenceLines(target);
  let count = 0;
  for await (const line of sentenceLines(source)) {
    const other = await targets.next();
    if (other.done === true) throw uneven(source, target, count, "fewer");
    count++;
    yield { source: line, target: other.value };
  }
  if ((await targets.next()).done !== true) throw uneven(source, target, count, "more");
}

function pairIn(line: string, number: number, name: string): SentencePair {
  const sides = line.split("\t");
  if (sides.length === 2) return { source: sides[0]!, target: sides[1]! };
  throw new RunError(
    "bad-pairs",
    `${name}: line ${number}: ${sides.length - 1} tabs, expected one between source and target`,
    { hint: "write source, tab, target on every line, or name the targets' file" },
  );
}

function uneven(source: Source, target: Source, count: number, which: string): RunError {
  const [at, longer] = which === "fewer" ? [count, source] : [count, target];
  return new RunError(
    "bad-pairs",
    `${target.name} has ${which} lines than ${source.name}: ${longer.name} goes on after ${at}`,
    { hint: "line i of one file must be the translation of line i of the other" },
  );
}
