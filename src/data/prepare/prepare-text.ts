import { RunError } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { Rows } from "../../math/rows.ts";
import type { Store } from "../../ports/store.ts";
import {
  learnVocabulary,
  tokenLabels,
  tokensOf,
  type Vocabulary,
  windowsOf,
} from "../corpus/vocabulary.ts";
import { refuseChoice } from "../held-out.ts";
import type { Preparation } from "../manifests.ts";
import type { DataOptions } from "../options.ts";
import { DensePartWriter } from "../parts/dense-parts.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import type { PreparedContent } from "./job.ts";

export type TextOptions = NonNullable<DataOptions["text"]>;

/** A corpus and how it becomes rows. */
export interface TextSource {
  readonly source: Source;
  /** A second text for testing; null where the end of the first is. */
  readonly test: Source | null;
  readonly options: DataOptions;
  readonly text: TextOptions;
  readonly random: Random;
  onBytes(bytes: number): void;
}

/**
 * A text as rows of tokens: each a window of `length`, its target the token after it. The test
 * rows are the end of the text, or another text. It goes by twice, and is never held whole.
 */
export async function prepareText(job: TextSource, store: Store): Promise<PreparedContent> {
  const { source, options, text } = job;
  refuseChoice(options, "rows of text");
  const share = typeof options.test === "number" ? options.test : 0;
  const trainBytes = Math.floor(source.sizeBytes * (1 - share));
  const whole = () => decoded(source, 0, Number.POSITIVE_INFINITY, job.onBytes);
  const vocabulary = await learnVocabulary(text.vocabulary, whole(), source.name);
  const parts = async (texts: readonly [AsyncIterable<string>, string][], label: string) => {
    const writer = new DensePartWriter(store, text.length);
    const random = job.random.fork(label);
    const counted = { rows: 0, sum: 0, squares: 0 };
    for (const [chunks, name] of texts)
      for await (const { tokens, target } of windowsOf(tokensOf(vocabulary, chunks, name), text)) {
        writer.values.set(tokens, writer.used * text.length);
        writer.targets[writer.used++] = target;
        counted.rows++;
        counted.sum += target;
        counted.squares += target * target;
        if (writer.isFull()) await flushShuffled(writer, random, counted.rows);
      }
    await flushShuffled(writer, random, counted.rows);
    return { counted, parts: await writer.close() };
  };
  const first = decoded(source, 0, trainBytes, job.onBytes);
  const train = await parts([[first, source.name]], "order/train");
  if (train.counted.rows === 0)
    throw new RunError(
      "short-text",
      `${source.name}: it is too short for a row of ${text.length} tokens and the one after them`,
      { hint: "give a longer text, or a smaller data.text.length" },
    );
  const rest: [AsyncIterable<string>, string][] =
    job.test === null
      ? share > 0
        ? [[decoded(source, trainBytes, Number.POSITIVE_INFINITY, () => {}), source.name]]
        : []
      : [[decoded(job.test, 0, Number.POSITIVE_INFINITY, job.onBytes), job.test.name]];
  const test = await parts(rest, "order/test");
  const mean = train.counted.sum / train.counted.rows;
  return {
    preparation: preparationOf(vocabulary, text.length),
    rows: train.counted.rows,
    testRows: test.counted.rows,
    columns: text.length,
    train: train.parts,
    test: test.parts,
    targetMean: mean,
    targetVariance: train.counted.squares / train.counted.rows - mean * mean,
  };
}

function preparationOf(vocabulary: Vocabulary, length: number): Preparation {
  const names = Array.from({ length }, (_, i) => `token${i}`);
  const numeric = { kind: "numeric", mean: 0, deviation: 1, fill: null } as const;
  return {
    version: 1,
    columns: names.map((name) => ({ ...numeric, name })),
    target: { name: "next", classes: tokenLabels(vocabulary) },
    intercept: false,
    featureNames: names,
    sparse: false,
    text: { vocabulary, length },
  };
}

/** Part of a source as text, cut where characters begin. */
export async function* decoded(
  source: Source,
  from: number,
  to: number,
  onBytes: (bytes: number) => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let at = 0;
  for await (const chunk of decodeText(source)) {
    onBytes(chunk.length);
    const start = boundary(chunk, from - at);
    const end = boundary(chunk, to - at);
    at += chunk.length;
    if (end > start) yield decoder.decode(chunk.subarray(start, end), { stream: true });
  }
}

/** The first place from `at` on where a character begins. */
function boundary(bytes: Uint8Array, at: number): number {
  let place = Math.max(0, Math.min(bytes.length, at));
  while (place > 0 && place < bytes.length && (bytes[place]! & 0xc0) === 0x80) place++;
  return place;
}

/** Neighbouring windows are much alike: those of one part go to the slots in random order. */
async function flushShuffled(writer: DensePartWriter, random: Random, at: number): Promise<void> {
  const { used, columns } = writer;
  const order = random.fork(`part/${at}`).permutation(used);
  const values = writer.values.slice(0, used * columns);
  const targets = writer.targets.slice(0, used);
  for (const [to, from] of order.entries()) {
    writer.values.set(values.subarray(from * columns, (from + 1) * columns), to * columns);
    writer.targets[to] = targets[from]!;
  }
  await writer.flush();
}

const batchRows = 256;

/** A text as the rows a model was trained on, one after another, none overlapping. */
export async function* textBatches(
  { vocabulary, length }: NonNullable<Preparation["text"]>,
  source: Source,
): AsyncGenerator<Batch> {
  const chunks = decoded(source, 0, Number.POSITIVE_INFINITY, () => undefined);
  let tokens: number[] = [];
  let targets: number[] = [];
  let firstRow = 0;
  const batch = (): Batch => {
    const rows = targets.length;
    const values = Float32Array.from(tokens);
    const result = {
      rows: { kind: "dense", rows, columns: length, values } as const,
      targets: Float32Array.from(targets),
      firstRow,
    };
    firstRow += rows;
    tokens = [];
    targets = [];
    return result;
  };
  const stream = tokensOf(vocabulary, chunks, source.name);
  for await (const window of windowsOf(stream, { length })) {
    tokens.push(...window.tokens);
    targets.push(window.target);
    if (targets.length === batchRows) yield batch();
  }
  if (targets.length > 0) yield batch();
}

/** Rows of a data file as the features a model was trained on. */
export interface Batch {
  readonly rows: Rows;
  /** The number of the batch's first row within the file, from 0. */
  readonly firstRow: number;
  /**
   * As the model knows them (classes by index, numbers less the preparation's offset), NaN where
   * unknown; null without a column.
   */
  readonly targets: Float32Array | null;
}
