import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Store } from "../../ports/store.ts";
import {
  openVocabulary,
  type SentenceCodec,
  sentenceCodec,
} from "../corpus/sentence-vocabulary.ts";
import { refuseChoice } from "../held-out.ts";
import type { Preparation, StoredPart } from "../manifests.ts";
import type { DataOptions } from "../options.ts";
import { SparsePartWriter } from "../parts/sparse-parts.ts";
import type { SourceOpener } from "../sources/source.ts";
import type { PreparedContent } from "./job.ts";
import type { Note } from "./notes.ts";
import { openPairFiles, type PairFiles, pairIdentities, refuseBesidePairs } from "./pair-files.ts";
import { type PairSources, type SentencePair, sentencePairs } from "./sentence-pairs.ts";
import { selection } from "./split.ts";

interface PairJob {
  readonly data: DataOptions;
  readonly isPrivate: boolean;
  readonly random: Random;
  readonly open: SourceOpener;
  readonly onNote: Note;
}

/** What names prepared pairs, and how they are made where they are not there. */
export async function pairPreparation(job: PairJob) {
  const { data, isPrivate, open } = job;
  refuseBesidePairs(data, isPrivate);
  refuseChoice(data, "pairs of sentences");
  const files = await openPairFiles(data, open);
  const { text: _, source: __, targetSource: ___, storage: ____, test, pairs, ...shaping } = data;
  const { vocabulary, length } = pairs!;
  // A vocabulary's file and the test's are told by what is in them.
  const kind = "bytePair" in vocabulary ? vocabulary : { tokens: vocabulary.tokens };
  const about = {
    pairs: { ...kind, length },
    sources: await pairIdentities(files),
    options: { ...shaping, test: files.test === null ? test : "file" },
  };
  return { about, prepare: (store: Store) => preparePairs(job, files, store) };
}

/**
 * Pairs of sentences as rows: the source's tokens and the end from column 0 on, the target's and
 * the end from the middle on, nothing where a side is over. A row's target is what it counts: its
 * tokens to tell over their mean in the training rows, so that a mean over rows is one over tokens.
 * The files go by up to three times, and are never held whole.
 */
async function preparePairs(
  { data, random, onNote }: PairJob,
  files: PairFiles,
  store: Store,
): Promise<PreparedContent> {
  const { vocabulary: choice, length } = data.pairs!;
  const read = async () => files.vocabulary!.bytes;
  const vocabulary = await openVocabulary(choice, bothSides(files.train), read);
  const codec = sentenceCodec(vocabulary);
  const encoded = (from: PairSources) => encodedPairs(codec, from, length);
  const counted = { pairs: 0, tokens: 0, squares: 0, empty: 0, long: 0 };
  for await (const pair of encoded(files.train)) count(counted, pair);
  const { pairs, tokens, squares, empty, long } = counted;
  const { name } = files.train.source;
  if (pairs < 2)
    throw new RunError("no-rows", `${name}: ${pairs} pairs to train on, expected two or more`, {
      hint: `${empty} have an empty side, ${long} more than ${length} tokens (data.pairs.length)`,
    });
  if (empty + long > 0)
    onNote(`${name}: left out: ${empty} pairs with an empty side, ${long} over ${length} tokens`);
  const share = typeof data.test === "number" ? data.test : 0;
  const chosen = Math.min(pairs - 1, Math.round(share * pairs));
  const isTest = selection(random.fork("split"), pairs, chosen);
  const writers = { train: new PairWriter(store, length), test: new PairWriter(store, length) };
  const mean = tokens / pairs;
  for await (const pair of encoded(files.train))
    if (pair.kind === "pair") await writers[isTest() ? "test" : "train"].add(pair, mean, random);
  if (files.test !== null)
    for await (const pair of encoded(files.test))
      if (pair.kind === "pair") await writers.test.add(pair, mean, random);
  const train = await writers.train.close(random);
  const test = await writers.test.close(random);
  return {
    preparation: preparationOf(codec, { vocabulary, length }),
    rows: writers.train.rows,
    testRows: writers.test.rows,
    columns: 2 * (length + 1),
    ...{ train, test },
    targetMean: 1,
    targetVariance: squares / pairs / mean ** 2 - 1,
  };
}

async function* bothSides(sources: PairSources): AsyncGenerator<string> {
  for await (const { source, target } of sentencePairs(sources)) {
    yield source;
    yield target;
  }
}

type EncodedPair =
  | {
      readonly kind: "pair";
      readonly source: readonly number[];
      readonly target: readonly number[];
    }
  | { readonly kind: "empty" | "long" };

async function* encodedPairs(
  codec: SentenceCodec,
  sources: PairSources,
  length: number,
): AsyncGenerator<EncodedPair> {
  for await (const pair of sentencePairs(sources)) yield encodedPair(codec, pair, length);
}

function encodedPair(codec: SentenceCodec, pair: SentencePair, length: number): EncodedPair {
  const [source, target] = [codec.encode(pair.source), codec.encode(pair.target)];
  if (source.length === 0 || target.length === 0) return { kind: "empty" };
  if (source.length > length || target.length > length) return { kind: "long" };
  return { kind: "pair", source: codec.withEnd(source), target: codec.withEnd(target) };
}

interface Counted {
  pairs: number;
  /** To tell: of targets, the end included. */
  tokens: number;
  squares: number;
  empty: number;
  long: number;
}

function count(counted: Counted, pair: EncodedPair): void {
  if (pair.kind !== "pair") {
    counted[pair.kind]++;
    return;
  }
  counted.pairs++;
  counted.tokens += pair.target.length;
  counted.squares += pair.target.length ** 2;
}

/** Neighbouring pairs may be alike: of so many, the order is random. */
const windowPairs = 8_192;

/** Rows of a part in random order, as those of one part go to the slots in theirs. */
class PairWriter {
  private readonly writer: SparsePartWriter;
  private readonly half: number;
  private held: { pair: Extract<EncodedPair, { kind: "pair" }>; target: number }[] = [];
  private windows = 0;

  constructor(store: Store, length: number) {
    this.half = length + 1;
    this.writer = new SparsePartWriter(store, 2 * this.half);
  }

  get rows(): number {
    return this.writer.rows;
  }

  async add(pair: Extract<EncodedPair, { kind: "pair" }>, mean: number, random: Random) {
    this.held.push({ pair, target: pair.target.length / mean });
    if (this.held.length === windowPairs) await this.flush(random);
  }

  async close(random: Random): Promise<readonly StoredPart[]> {
    await this.flush(random);
    return this.writer.close();
  }

  private async flush(random: Random): Promise<void> {
    const { buffer } = this.writer;
    for (const at of random.fork(`window/${this.windows++}`).permutation(this.held.length)) {
      const { pair, target } = this.held[at]!;
      buffer.begin(target);
      for (const [i, token] of pair.source.entries()) buffer.extend(i, token);
      for (const [i, token] of pair.target.entries()) buffer.extend(this.half + i, token);
      if (this.writer.full()) await this.writer.flush();
    }
    this.held = [];
  }
}

function preparationOf(
  codec: SentenceCodec,
  pairs: NonNullable<Preparation["pairs"]>,
): Preparation {
  const side = (name: string) => Array.from({ length: pairs.length + 1 }, (_, i) => `${name}${i}`);
  const names = [...side("source"), ...side("target")];
  return {
    version: 1,
    columns: [],
    target: { name: "target", classes: codec.labels },
    intercept: false,
    featureNames: names,
    sparse: true,
    pairs,
  };
}
