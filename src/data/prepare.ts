import { randomFrom } from "../core/random.ts";
import type { Store } from "../ports/store.ts";
import { type Format, formatOf, openDense } from "./formats.ts";
import { sameLayout, type Task, targetIn, trainingLayout } from "./layout.ts";
import type { DataOptions } from "./options.ts";
import { digestOf, readManifest, writeManifest } from "./parts.ts";
import { type Content, prepareDense } from "./prepare-dense.ts";
import type { Prepared } from "./prepared.ts";
import type { Source, SourceOpener } from "./source.ts";
import { type Spool, withSpools } from "./spool.ts";
import type { DenseWindow, FoundColumn, Table, Window } from "./table.ts";

/** What to prepare, for which kind of problem. */
export interface PrepareRequest {
  readonly data: DataOptions;
  readonly task: Task;
  readonly seed: number | string;
}

export interface PreparePorts {
  readonly open: SourceOpener;
  readonly store: Store;
  /** Bytes gone through so far, of about `total`: the source twice, once parsed, once written. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Raised whenever the same input would give other bytes. */
const formatVersion = 1;

/**
 * Reads a data set, splits it, and writes features as parts with a manifest at
 * `prepared/<digest>.json`. The same sources, options and seed give the same digest, and what is
 * in the store already is not made again. Needs a temporary folder; it is removed in any case.
 */
export async function prepare(request: PrepareRequest, ports: PreparePorts): Promise<Prepared> {
  const { data, task, seed } = request;
  const train = await ports.open(data.source);
  const test = typeof data.test === "string" ? await ports.open(data.test) : null;
  const { source: _, ...shaping } = data;
  const digest = digestOf({
    formatVersion,
    sources: await Promise.all([train, test].map((source) => source?.identity() ?? null)),
    options: { ...shaping, test: test === null ? data.test : "file" },
    task,
    seed: String(seed),
  });
  const key = `prepared/${digest}.json`;
  const before = await readManifest<Prepared>(ports.store, key, (found) => [
    ...found.train,
    ...found.test,
  ]);
  if (before !== null) return before;
  const content = await fromFiles(request, train, test, ports);
  const prepared: Prepared = { version: 1, digest, ...content };
  await writeManifest(ports.store, key, prepared);
  return prepared;
}

async function fromFiles(
  { data, task, seed }: PrepareRequest,
  trainSource: Source,
  testSource: Source | null,
  ports: PreparePorts,
): Promise<Content> {
  const random = randomFrom(seed).fork("prepare");
  const total = 2 * (trainSource.sizeBytes + (testSource?.sizeBytes ?? 0));
  let done = 0;
  const progress = (bytes: number) => {
    done = Math.min(total, done + bytes);
    ports.onProgress?.(done, total);
  };
  return withSpools(async (spool) => {
    const format = await formatOf(trainSource, data.format);
    const layout = trainingLayout(data, task, trainSource.name);
    let found: readonly FoundColumn[] = [];
    const table = await openDense(counted(trainSource, progress), format, data, (columns) => {
      found = columns;
      return layout(columns);
    });
    const train = await filled(await spool<DenseWindow>(), table as Table<DenseWindow>);
    let test: Spool<DenseWindow> | null = null;
    if (testSource !== null) {
      const testFormat: Format = await formatOf(testSource, data.format);
      const same = sameLayout(table.columns, testSource.name);
      const testTable = await openDense(counted(testSource, progress), testFormat, data, same);
      test = await filled(await spool<DenseWindow>(), testTable as Table<DenseWindow>);
    }
    const allRows = train.rows + (test?.rows ?? 0);
    const content = await prepareDense(
      {
        options: data,
        columns: table.columns.filter((column) => column.kind !== "skip"),
        targetName: targetIn(data, found, trainSource.name).name,
        classify: task === "classification",
        train,
        test,
        random,
        onRows: (rows) => progress((total / 2) * (rows / allRows)),
      },
      ports.store,
    );
    ports.onProgress?.(total, total);
    return content;
  });
}

async function filled<W extends Window>(spool: Spool<W>, table: Table<W>): Promise<Spool<W>> {
  for await (const window of table.windows()) await spool.append(window);
  return spool;
}

/** The same source, telling how many bytes went by; its head is read twice and told twice. */
function counted(source: Source, onBytes: (bytes: number) => void): Source {
  return {
    ...source,
    async *bytes() {
      for await (const chunk of source.bytes()) {
        onBytes(chunk.length);
        yield chunk;
      }
    },
  };
}
