import { open, rename, rm } from "node:fs/promises";
import { awaitedLater } from "../../core/awaited-later.ts";
import { messageOf, RunError } from "../../core/errors.ts";
import type { Predictions } from "../../platform/training/predict.ts";
import type { Terminal } from "../terminal.ts";
import {
  type Labels,
  type PredictionStyle,
  predictionColumns,
  predictionHead,
  predictionLines,
} from "./prediction-lines.ts";

/** Where text goes. */
export interface Sink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

/** Where predictions go, batch by batch. */
interface PredictionFile {
  /** `kept` are cells of the data that stand beside, row by row. */
  add(batch: Predictions, kept: readonly (readonly string[])[]): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

/** A file, or standard output, that takes text. */
export function textSink(path: string | undefined, terminal: Terminal): Sink {
  if (path !== undefined) return fileSink(path);
  return { write: terminal.write, close: async () => {}, abandon: async () => {} };
}

/** A file of predictions in the form that is chosen; what writes Parquet is loaded for it alone. */
export async function predictionFile(
  path: string | undefined,
  labels: Labels,
  style: PredictionStyle,
  terminal: Terminal,
): Promise<PredictionFile> {
  if (style.format === "parquet") return parquetPredictions(path!, labels, style);
  const sink = textSink(path, terminal);
  let isBegun = false;
  return {
    ...sink,
    async add(batch, kept) {
      if (!isBegun) {
        const { header, note } = predictionHead(batch, labels, style);
        if (note !== null) terminal.err(note);
        await sink.write(header);
        isBegun = true;
      }
      await sink.write(predictionLines(batch, labels, style, kept));
    },
  };
}

async function parquetPredictions(
  path: string,
  labels: Labels,
  style: PredictionStyle,
): Promise<PredictionFile> {
  const { writeParquet } = await import("../../data/formats/write-parquet.ts");
  const unfinished = unfinishedName(path);
  let file: ReturnType<typeof writeParquet> | null = null;
  return {
    async add(batch, kept) {
      const columns = predictionColumns(batch, labels, style, kept);
      try {
        file ??= writeParquet(unfinished, columns);
        for (let row = 0; row < batch.rows; row++) file.addRow(columns.map(({ at }) => at(row)));
      } catch (cause) {
        refuse(path, cause);
      }
    },
    async close() {
      try {
        file ??= writeParquet(unfinished, [{ name: "row", type: "whole number" }]);
        file.close();
        await rename(unfinished, path);
      } catch (cause) {
        refuse(path, cause);
      }
    },
    abandon: () => rm(unfinished, { force: true }),
  };
}

/** Written beside the target first: the old file stays whole until the new one is complete. */
function unfinishedName(path: string): string {
  return `${path}.part-${process.pid}`;
}

function fileSink(path: string): Sink {
  const unfinished = unfinishedName(path);
  const attempt = <T>(work: Promise<T>) => work.catch((cause: unknown) => refuse(path, cause));
  const opened = awaitedLater(attempt(open(unfinished, "w")));
  return {
    write: async (text) => attempt((await opened).appendFile(text)),
    async close() {
      await attempt((await opened).close());
      await attempt(rename(unfinished, path));
    },
    async abandon() {
      // Opened after it was removed, it would be there again.
      await opened.then((file) => file.close()).catch(() => {});
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
