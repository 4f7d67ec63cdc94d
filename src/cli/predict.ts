import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { awaitedLater } from "../core/awaited-later.ts";
import { messageOf, RunError } from "../core/errors.ts";
import { readTrainedModel } from "../platform/training/model.ts";
import { withTrainedRun } from "../platform/training/open-run.ts";
import {
  modelReader,
  type Predictions,
  predictRows as predictions,
} from "../platform/training/predict.ts";
import { formatCount, formatNumber } from "../report/format.ts";
import { type Declare, runHelp } from "./command.ts";
import type { Terminal } from "./terminal.ts";
import { refuseTranslationFlags, type TranslationFlags, writeTranslations } from "./translate.ts";

export const declarePredict: Declare = (command, invoke) => {
  command
    .description(
      "Writes CSV: the row's number within the file (from 0), and the prediction, or the class " +
        "and the second class's probability. Tells metrics where the target's column is there. " +
        "Of a run that translates: a line of text for every line.",
    )
    .argument("<RUN>", runHelp)
    .argument("<DATA>", "a data file with the columns the model was trained on")
    .option("--output <file>", "write to a file instead of standard output")
    .option("--references <file>", "translations to compare with, line by line: tells BLEU")
    .option("--beam <number>", "prefixes kept while translating; 1 is greedy (default: 4)")
    .option("--length-penalty <alpha>", "how much longer translations are preferred (default: 0.6)")
    .action((run, data, options) =>
      invoke((terminal) => predictCommand(run, data, options, terminal)),
    );
};

/** `kofn predict RUN DATA`: one line a row, in file order; how right they are to standard error. */
export async function predictCommand(
  runName: string,
  data: string,
  options: { readonly output?: string } & TranslationFlags,
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
  let last: Predictions | null = null;
  let rows = 0;
  try {
    for await (const batch of predictions(model, data, reading, onNote)) {
      if (rows === 0) {
        const { header, note } = headOf(batch, classes);
        if (note !== null) terminal.err(note);
        await to.write(header);
      }
      await to.write(linesOf(batch, classes));
      rows += batch.rows;
      last = batch;
    }
    await to.close();
  } catch (thrown) {
    await to.abandon();
    throw thrown;
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

type Labels = readonly string[] | null;

/** The first line of predictions as CSV, and a word about its columns to people. */
export function headOf(
  { rows, values, chances }: Predictions,
  labels: Labels,
): { readonly header: string; readonly note: string | null } {
  if (labels === null) return { header: "row,prediction\n", note: null };
  if (values.length > rows) {
    const names = labels.map((label) => quoted(`probability ${label}`));
    return { header: `${["row", "class", ...names].join(",")}\n`, note: null };
  }
  return chances === null
    ? { header: "row,class,margin\n", note: `margin: above 0 for class ${labels[1]}` }
    : { header: "row,class,probability\n", note: `probability: that of class ${labels[1]}` };
}

/** One line a row: its number in the file, and what is predicted. */
export function linesOf(
  { firstRow, rows, values, classes, chances }: Predictions,
  labels: Labels,
): string {
  let text = "";
  for (let i = 0; i < rows; i++) {
    text += firstRow + i;
    if (labels === null || classes === null) text += `,${values[i]}`;
    else {
      text += `,${quoted(labels[classes[i]!]!)}`;
      if (values.length === rows) text += `,${chances === null ? values[i] : chances[rows + i]}`;
      else for (const of of labels.keys()) text += `,${chances?.[of * rows + i]}`;
    }
    text += "\n";
  }
  return text;
}

/** As CSV wants it: labels come from data. */
function quoted(label: string): string {
  return /[",\r\n]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label;
}
