import { stat } from "node:fs/promises";
import { readModelFrom } from "../model-export/read-model.ts";
import { homePath } from "../platform/local/paths.ts";
import { openDataSource } from "../platform/open-source.ts";
import { readTrainedModel } from "../platform/training/model.ts";
import { withTrainedRun } from "../platform/training/open-run.ts";
import { modelReader, predictRows as predictions } from "../platform/training/predict.ts";
import { type TranslatedLine, translateLines } from "../platform/training/translate.ts";
import { type Model, modelInHand, type Prediction, predictionAt } from "./model-in-hand.ts";

/**
 * A model by its run's name (or a unique part of it, or `latest`), or from where it was exported
 * to: a `.safetensors` file, or a folder of `kofn export --format hub`. Throws `RunError` where
 * there is none.
 */
export async function loadModel(
  from: string,
  { home = homePath() }: { readonly home?: string } = {},
): Promise<Model> {
  const isPath = /[\\/]|\.safetensors$/.test(from) || (await isFolder(from));
  if (isPath) return modelInHand(await readModelFrom(from));
  return modelInHand(
    await withTrainedRun({ home }, from, ({ store }, { run }) => readTrainedModel(store, run)),
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Predicts the raw rows of a data file with a run's model, in file order. */
export async function* predict(
  run: string,
  source: string,
  { home = homePath() }: { readonly home?: string } = {},
): AsyncGenerator<Prediction> {
  const { model, reading } = await withTrainedRun({ home }, run, async ({ store }, record) => {
    const found = await readTrainedModel(store, record.run);
    return { model: found, reading: modelReader(record.spec.data, found) };
  });
  const { classes } = model.preparation.target;
  for await (const batch of predictions(model, source, reading, undefined, openDataSource))
    for (let i = 0; i < batch.rows; i++) yield predictionAt(batch, i, classes);
}

export interface TranslateOptions {
  readonly home?: string;
  /** A file whose lines are what the translations should be. */
  readonly references?: string;
  /** Prefixes kept for a sentence: 4 where absent, 1 for greedy. */
  readonly beam?: number;
  /** Alpha of ((5 + length) / 6)^alpha: 0.6 where absent. */
  readonly lengthPenalty?: number;
}

/** Translates a file's sentences, one a line, with the model of a run of `translation`. */
export async function* translate(
  run: string,
  source: string,
  options: TranslateOptions = {},
): AsyncGenerator<TranslatedLine> {
  const { home = homePath(), references, beam = 4, lengthPenalty = 0.6 } = options;
  const model = await withTrainedRun({ home }, run, ({ store }, record) =>
    readTrainedModel(store, record.run),
  );
  yield* translateLines(model, source, { references, beam, lengthPenalty });
}
