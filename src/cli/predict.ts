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
import { predictionFile, type Sink, textSink } from "./data/prediction-file.ts";
import { type Labels, type PredictionFlags, predictionStyle } from "./data/prediction-lines.ts";
import type { Terminal } from "./terminal.ts";
import { refuseTranslationFlags, type TranslationFlags, writeTranslations } from "./translate.ts";

export const declarePredict: Declare = (command, invoke) => {
  command
    .description(
      "Writes CSV, JSON lines or Parquet: the row's number within the file (from 0), columns to " +
        "keep, and the prediction, or the class and the second class's probability. Tells " +
        "metrics where the target's column is there. Of a run that translates: a line of text " +
        "for every line.",
    )
    .argument("<RUN>", runHelp)
    .argument("<DATA>", "a data file with the columns the model was trained on")
    .option("--output <file>", "write to a file instead of standard output")
    .option("--keep <columns>", "columns of the data to write beside: names with commas between")
    .option(
      "--format <name>",
      "csv, jsonl or parquet; if absent, by the ending of --output, or csv",
    )
    .option("--threshold <probability>", "from which on a row is of the second of two classes")
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
  options: PredictionFlags & TranslationFlags,
  terminal: Terminal,
): Promise<number> {
  const { model, reading } = await withTrainedRun(terminal, runName, async ({ store }, record) => {
    const model = await readTrainedModel(store, record.run);
    return { model, reading: modelReader(record.spec.data, model) };
  });
  if (model.preparation.pairs === undefined) refuseTranslationFlags(options);
  const { classes } = model.preparation.target;
  const onNote = (text: string) => terminal.err(`note: ${text}`);
  if (model.preparation.pairs !== undefined) {
    const to = textSink(options.output, terminal);
    return translated(to, (sink) => writeTranslations(model, data, options, sink, terminal));
  }
  const style = predictionStyle(options, classes);
  const kept =
    style.keep.length === 0 ? null : await keptColumns(style.keep, data, reading, openDataSource);
  const to = await predictionFile(options.output, classes, style, terminal);
  let last: Predictions | null = null;
  let rows = 0;
  try {
    for await (const batch of predictions(model, data, reading, onNote)) {
      await to.add(batch, (await kept?.take(batch.rows)) ?? []);
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
  const where = options.output === undefined ? "" : ` into ${options.output}`;
  terminal.err(`${formatCount(rows)} rows predicted${where}`);
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
