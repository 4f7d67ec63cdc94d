import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { awaitedLater } from "../core/awaited-later.ts";
import { messageOf, RunError } from "../core/errors.ts";
import { keptColumns } from "../data/prepare/kept-columns.ts";
import { openDataSource } from "../platform/open-source.ts";
import { readTrainedModel } from "../platform/training/model.ts";
import { withTrainedRun } from "../platform/training/open-run.ts";
import {
  modelReader,
  type Predictions,
  predictRows as predictions,
} from "../platform/training/predict.ts";
import { formatCount, formatNumber } from "../report/format.ts";
import { type Declare, runHelp } from "./command.ts";
import {
  type Labels,
  predictionHead,
  predictionLines,
  predictionStyle,
} from "./data/prediction-lines.ts";
import type { Terminal } from "./terminal.ts";
import { refuseTranslationFlags, type TranslationFlags, writeTranslations } from "./translate.ts";

export const declarePredict: Declare = (command, invoke) => {
  command
    .description(
      "Writes CSV or JSON lines: the row's number within the file (from 0), columns to keep, and " +
        "the prediction, or the class and the second class's probability. Tells metrics where " +
        "the target's column is there. Of a run that translates: a line of text for every line.",
    )
    .argument("<RUN>", runHelp)
    .argument("<DATA>", "a data file with the columns the model was trained on")
    .option("--output <file>", "write to a file instead of standard output")
    .option("--keep <columns>", "columns of the data to write beside: names with commas between")
    .option("--format <name>", "csv, or jsonl: an object a line", "csv")
    .option("--threshold <probability>", "from which on a row is of the second of two classes")
    .option("--references <file>", "translations to compare with, line by line: tells BLEU")
    .option("--beam <number>", "prefixes kept while translating; 1 is greedy (default: 4)")
    .option("--length-penalty <alpha>", "how much longer translations are preferred (default: 0.6)")
    .action((run, data, options) =>
      invoke((terminal) => predictCommand(run, data, options, terminal)),
    );
};

interface PredictFlags {
  readonly output?: string;
  readonly keep?: string;
  readonly format?: string;
  readonly threshold?: string;
}

/** `kofn predict RUN DATA`: one line a row, in file order; how right they are to standard error. */
export async function predictCommand(
  runName: string,
  data: string,
  options: PredictFlags & TranslationFlags,
  terminal: Terminal,
): Promise<number> {
  const { model, reading } = await withTrainedRun(terminal, runName, async ({ store }, record) => {
    const model = await readTrainedModel(store, record.run);
    return { model, reading: modelReader(record.spec.data, model) };
  });
  if (model.preparation.pairs === undefined) refuseTranslationFlags(options);
  const { classes } = model.preparation.target;
  const onNote = (text: string) => terminal.err(`note: ${text}`);
  const to = options.output === undefined ? terminalSink(terminal) : fileSink(options.output);
  if (model.preparation.pairs !== undefined)
    return translated(to, (sink) => writeTranslations(model, data, options, sink, terminal));
  const style = predictionStyle(options, classes);
  const kept =
    style.keep.length === 0 ? null : await keptColumns(style.keep, data, reading, openDataSource);
  let last: Predictions | null = null;
  let rows = 0;
  try {
    for await (const batch of predictions(model, data, reading, onNote)) {
      if (rows === 0) {
        const { header, note } = predictionHead(batch, classes, style);
        if (note !== null) terminal.err(note);
        await to.write(header);
      }
      const own = (await kept?.take(batch.rows)) ?? [];
      await to.write(predictionLines(batch, classes, style, own));
      rows += batch.rows;
      last = batch;
    }
    await to.close();
  } catch (thrown) {
    await to.abandon();
    throw thrown;
  } finally {
    await kept?.close();
  }
  terminal.err(`${formatCount(rows)} rows predicted`);
  if (last !== null) for (const line of comparedInWords(last, classes)) terminal.err(line);
  return 0;
}

/** How right predictions are, where their targets are known. */
function comparedInWords(
  { metrics, knownRows, confusion, residuals }: Predictions,
  labels: Labels,
): string[] {
  if (metrics === null) return [];
  const figures = Object.entries(metrics).map(([name, value]) => `${name} ${formatNumber(value)}`);
  const lines = [`against ${formatCount(knownRows)} known targets: ${figures.join("  ")}`];
  if (confusion !== null && labels !== null) {
    const [first, second] = labels.map((label) => JSON.stringify(label)) as [string, string];
    const of = (name: string, right: number, wrong: number, other: string) =>
      `of ${formatCount(right + wrong)} ${name} ${formatCount(right)} are taken for it, ` +
      `${formatCount(wrong)} for ${other}`;
    lines.push(of(first, confusion.first.first, confusion.first.second, second));
    lines.push(of(second, confusion.second.second, confusion.second.first, first));
  }
  if (residuals !== null) {
    const [low, half, high] = residuals.map((value) => formatNumber(value));
    lines.push(`target less prediction: 5 % below ${low}, half below ${half}, 95 % below ${high}`);
  }
  return lines;
}

async function translated(to: Sink, write: (to: Sink) => Promise<void>): Promise<number> {
  try {
    await write(to);
    await to.close();
  } catch (thrown) {
    await to.abandon();
    throw thrown;
  }
  return 0;
}

interface Sink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

function terminalSink(terminal: Terminal): Sink {
  return { write: terminal.write, close: async () => {}, abandon: async () => {} };
}

/** Writes beside the target first: the old file stays whole until the new one is complete. */
function fileSink(path: string): Sink {
  const unfinished = `${path}.part-${process.pid}`;
  const stream = createWriteStream(unfinished);
  const failed = awaitedLater(once(stream, "error").then(([cause]) => refuse(path, cause)));
  return {
    async write(text) {
      if (!stream.write(text)) await Promise.race([once(stream, "drain"), failed]);
    },
    async close() {
      stream.end();
      await Promise.race([finished(stream), failed]).catch((cause) => refuse(path, cause));
      await rename(unfinished, path).catch((cause) => refuse(path, cause));
    },
    async abandon() {
      stream.destroy();
      await rm(unfinished, { force: true });
    },
  };
}

function refuse(path: string, cause: unknown): never {
  if (cause instanceof RunError) throw cause;
  throw new RunError("unwritable", `${path}: cannot be written: ${messageOf(cause)}`, {
    hint: "name a file in a folder that this user may write to",
    cause,
  });
}
