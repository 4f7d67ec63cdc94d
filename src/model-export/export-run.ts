import { readTrainedModel } from "../platform/training/model.ts";
import { type HomeOptions, withTrainedRun } from "../platform/training/open-run.ts";
import type { ResultEvent } from "../ports/events.ts";
import { readJson } from "../run/finish.ts";
import { resultKey } from "../store-layout.ts";
import type { ExportFormat } from "./formats.ts";
import { writeModelFiles } from "./write-files.ts";

/** Writes a run's model in a format, and returns where to. */
export async function exportRun(
  at: HomeOptions,
  run: string,
  { format, output }: { readonly format: ExportFormat; readonly output?: string | undefined },
): Promise<string> {
  const { model, about } = await withTrainedRun(at, run, async ({ store }, record) => ({
    model: await readTrainedModel(store, record.run),
    about: { record, result: await readJson<ResultEvent>(store, resultKey(record.run)) },
  }));
  const path = output ?? format.defaultPath(model.run);
  await writeModelFiles(path, await format.files(model, about));
  return path;
}
