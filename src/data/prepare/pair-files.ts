import { RunError } from "../../core/errors.ts";
import type { DataOptions } from "../options.ts";
import type { SourceOpener } from "../sources/source.ts";
import { oneSource } from "./input.ts";
import type { PairSources } from "./sentence-pairs.ts";

/** The files that pairs are read from, and the digests that name them. */
export interface PairFiles {
  readonly train: PairSources;
  readonly test: PairSources | null;
  /** Of the vocabulary's file; null where it is learned. */
  readonly vocabulary: { readonly bytes: Uint8Array; readonly identity: string } | null;
}

/** Opens what a spec names. Throws `RunError` where sources and targets are not named alike. */
export async function openPairFiles(data: DataOptions, open: SourceOpener): Promise<PairFiles> {
  const { source, targetSource, test, pairs } = data;
  const { vocabulary, testTargetSource } = pairs!;
  if (source === undefined)
    throw new RunError("bad-option", "data.pairs: expected data.source, a file of sentences");
  const isTestFile = typeof test === "string";
  if (
    isTestFile
      ? (testTargetSource === undefined) !== (targetSource === undefined)
      : testTargetSource !== undefined
  )
    throw new RunError(
      "bad-option",
      isTestFile
        ? "data.test: training and test pairs are not given alike: two files each, or one"
        : "data.pairs.testTargetSource: it goes with a file named by data.test",
      { hint: "give data.test with data.pairs.testTargetSource beside data.targetSource" },
    );
  const sides = async (first: string, second: string | undefined): Promise<PairSources> => ({
    source: await open(first),
    target: second === undefined ? null : await open(second),
  });
  const path = "subwordNmt" in vocabulary ? vocabulary.subwordNmt : undefined;
  const file = path ?? ("sentencePiece" in vocabulary ? vocabulary.sentencePiece : undefined);
  const opened = file === undefined ? null : await open(file);
  return {
    train: await sides(oneSource(source, "data.pairs"), targetSource),
    test: isTestFile ? await sides(test, testTargetSource) : null,
    vocabulary: opened && {
      bytes: await opened.range(0, opened.sizeBytes),
      identity: await opened.identity(),
    },
  };
}

/** What names these files' content, in the digest of what is prepared of them. */
export function pairIdentities({ train, test, vocabulary }: PairFiles): Promise<unknown[]> {
  const sides = [train.source, train.target, test?.source ?? null, test?.target ?? null];
  return Promise.all([...sides.map(async (one) => one?.identity() ?? null), vocabulary?.identity]);
}

/** Refuses options that say nothing about pairs of sentences, and private runs. */
export function refuseBesidePairs(data: DataOptions, isPrivate: boolean): void {
  if (isPrivate)
    throw new RunError("not-private", "data.pairs: the vocabulary is learned of all sentences", {
      hint: "leave privacy out: pairs of sentences have no private training",
    });
  const { text, target, classes, levels, features, generate } = data;
  const others = { text, target, classes, levels, features, generate };
  for (const [key, stated] of Object.entries(others))
    if (stated !== undefined)
      throw new RunError("bad-option", `data.${key}: it has no meaning beside data.pairs`, {
        hint: "remove it: a row is a sentence and its translation",
      });
}
