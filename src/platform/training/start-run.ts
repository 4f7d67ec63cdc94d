import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { closeOwnFolder, ownFile } from "../../core/own-files.ts";
import type { RunRecord } from "../../journal/run-record.ts";
import type { ResultEvent, RunEvent } from "../../ports/events.ts";
import type { WhatIf } from "../../report/data.ts";
import { renderReport } from "../../report/render.ts";
import { readHistory } from "../../run/finish.ts";
import { readModelFile } from "../../run/model-weights.ts";
import { type Orchestrated, orchestrate } from "../../run/orchestrate.ts";
import type { Backend } from "../backend.ts";
import { taskPrices } from "../task-prices.ts";
import { tellRun } from "../tell-run.ts";
import type { Watchers } from "./create-run.ts";

/** Trains a recorded run, or continues it; then writes its report and model below the home. */
export async function continueRun(
  record: RunRecord,
  backend: Backend,
  home: string,
  watchers: Watchers = {},
): Promise<Orchestrated> {
  const { clock, compute } = backend.open(record);
  const { signal, onNote } = watchers;
  const folder = dirname(artifactPaths(home, record.run).report);
  const names = record.spec.report ?? [];
  const told = await tellRun(record, backend.store, { names, folder, onNote });
  const listen = (event: RunEvent) => {
    watchers.listen?.(event);
    told.take(event);
  };
  try {
    const done = await orchestrate(record, {
      store: backend.store,
      clock,
      compute,
      prices: taskPrices(record.spec, record.backend, record.entriesPerSlot),
      listen,
      ...(signal === undefined ? {} : { signal }),
      ...(backend.pool === undefined ? {} : { pool: backend.pool }),
    }).finally(() => compute.close());
    const { report, model } = await writeArtifacts(backend, record.run, home);
    const result: ResultEvent = { ...done.result, report, model };
    listen(result);
    return { ...done, result };
  } finally {
    await told.close();
  }
}

/** The paths of a run's report and model. */
export function artifactPaths(home: string, run: string): { report: string; model: string } {
  const folder = join(home, "runs", run);
  return { report: join(folder, "report.html"), model: join(folder, "model.safetensors") };
}

/** Writes the report and the model as files. Returns their paths. */
export async function writeArtifacts(
  { store }: Pick<Backend, "store">,
  run: string,
  home: string,
  whatIf?: WhatIf,
): Promise<{ report: string; model: string }> {
  const { report, model } = artifactPaths(home, run);
  closeOwnFolder(dirname(report));
  const events = await readHistory(store, run);
  await writeFile(report, renderReport({ title: run, runs: [{ label: run, events }], whatIf }), {
    mode: ownFile,
  });
  const bytes = await readModelFile(store, run);
  if (bytes !== null) await writeFile(model, bytes, { mode: ownFile });
  return { report, model };
}
