import { RunError } from "../../core/errors.ts";
import { sentenceCodec } from "../../data/corpus/sentence-vocabulary.ts";
import { sentenceLines, sentencePairs } from "../../data/prepare/sentence-pairs.ts";
import type { Source } from "../../data/sources/source.ts";
import { problems } from "../../problems/registry.ts";
import type { SearchOptions } from "../../problems/translation/beam-search.ts";
import { openDataSource } from "../open-source.ts";
import type { TrainedModel } from "./model.ts";

/** A line of a file, translated. */
export interface TranslatedLine {
  readonly line: string;
  readonly translation: string;
  /** What it should be, where the file or another one says so. */
  readonly reference: string | null;
}

/** Lines that are read and translated together. */
const windowLines = 256;

/**
 * Translates the sentences of a file, in file order; an empty one stays empty. References stand in
 * a file of their own, or after a tab in every line. Throws `RunError` where they are not as many,
 * and for a model that does not translate.
 */
export async function* translateLines(
  { run, problem: chosen, preparation, weights }: TrainedModel,
  source: string,
  { references, ...search }: SearchOptions & { readonly references?: string | undefined },
): AsyncGenerator<TranslatedLine> {
  const { pairs } = preparation;
  const { translate } = problems.create(chosen);
  if (pairs === undefined || translate === undefined)
    throw new RunError("bad-format", `${run}: its model does not translate`, {
      hint: "give a run of problem: translation",
    });
  const codec = sentenceCodec(pairs.vocabulary);
  for await (const window of windowsOf(await linesWithReferences(source, references))) {
    const sentences = window.map(({ line }) => codec.encode(line));
    const places = [...sentences.keys()].filter((at) => sentences[at]!.length > 0);
    const wanted = places.map((at) => codec.withEnd(sentences[at]!));
    const hypotheses = translate(wanted, weights, search);
    const translations = window.map(() => "");
    for (const [i, at] of places.entries()) translations[at] = codec.decode(hypotheses[i]!);
    for (const [at, line] of window.entries()) yield { ...line, translation: translations[at]! };
  }
}

type Line = Omit<TranslatedLine, "translation">;

async function linesWithReferences(
  path: string,
  references: string | undefined,
): Promise<AsyncIterable<Line>> {
  const source = await openDataSource(path);
  if (references !== undefined) return pairedLines(source, await openDataSource(references));
  for await (const first of sentenceLines(source))
    return first.includes("\t") ? pairedLines(source, null) : plainLines(source);
  throw new RunError("no-rows", `${source.name}: it has no lines`, {
    hint: "give sentences to translate, one a line",
  });
}

async function* pairedLines(source: Source, target: Source | null): AsyncGenerator<Line> {
  for await (const pair of sentencePairs({ source, target }))
    yield { line: pair.source, reference: pair.target };
}

async function* plainLines(source: Source): AsyncGenerator<Line> {
  for await (const line of sentenceLines(source)) yield { line, reference: null };
}

async function* windowsOf(lines: AsyncIterable<Line>): AsyncGenerator<Line[]> {
  let window: Line[] = [];
  for await (const line of lines) {
    window.push(line);
    if (window.length < windowLines) continue;
    yield window;
    window = [];
  }
  if (window.length > 0) yield window;
}
