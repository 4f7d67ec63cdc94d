import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { awaitedLater } from "../../core/awaited-later.ts";
import { entryBeside } from "../../core/entries.ts";
import { messageOf, RunError } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";
import { levelOf } from "./cell.ts";
import type { Column } from "./table.ts";

/** How a file of text is gone through by several threads. */
export interface BlockSettings {
  /** Smaller files are read by this thread alone. */
  readonly fileBytesMin: number;
  readonly blockBytes: number;
  readonly threads: number;
}

const settingsUsual: BlockSettings = {
  fileBytesMin: 8 * 1024 * 1024,
  blockBytes: 1024 * 1024,
  threads: Math.min(8, availableParallelism()),
};

/** So many blocks a thread are under way: one is scanned while another is taken. */
const slotsPerThread = 2;

/** A column as a thread is told of it: of levels only that they are to be listed. */
export type ThreadColumn = Pick<
  Column,
  "name" | "kind" | "missing" | "isTarget" | "truth" | "date"
>;

/** What all blocks of a file have in common. */
export interface TextJob {
  readonly path: string;
  readonly format: "csv" | "libsvm";
  readonly columns: readonly ThreadColumn[];
  /** Of CSV. */
  readonly delimiter: string;
  readonly missingValues: readonly string[];
  /** Of LIBSVM: how the first index counts. */
  readonly firstIndex: number;
  /** Of LIBSVM: indices from 0 are below this. */
  readonly indexEnd: number;
  /** Bytes of the file where its rows begin and where it ends. */
  readonly bodyStart: number;
  readonly end: number;
  readonly blockBytes: number;
}

/** What a file's rows are, as its reader knows it. */
export type TextOf = Omit<TextJob, "path" | "end" | "blockBytes" | "columns"> & {
  readonly columns: readonly Column[];
};

/** The rows that begin in these bytes; `slot` is where the answer's numbers go. */
export interface BlockQuestion {
  readonly number: number;
  readonly slot: number;
  readonly from: number;
  readonly to: number;
}

export interface BlockAnswer {
  readonly number: number;
  /** Where the last row that begins in the block ends, in bytes of the file. */
  readonly end: number;
  /** Null where the rows are not plain: they are to be read one after another. */
  readonly found: FoundRows | null;
}

export interface FoundRows {
  readonly rows: number;
  readonly lines: number;
  /** Of a table cells; of sparse rows values, with labels and the ends of rows. */
  readonly cells: Float64Array;
  readonly sparse?: {
    readonly values: Float32Array;
    readonly indices: Uint32Array;
    readonly ends: Uint32Array;
  };
  /** Of each column of text what its numbers stand for, in the order of their first row. */
  readonly levels: readonly (readonly string[])[];
  /** What a person should know of the rows. */
  readonly notes?: readonly string[];
}

/** A block in its turn; `from` is where its first row begins, in bytes of the text. */
export type TextBlock =
  | { readonly kind: "rows"; readonly from: number; readonly found: FoundRows }
  | { readonly kind: "other"; readonly from: number };

/**
 * The rows of a plain file in blocks, scanned by several threads and given in the file's order:
 * what they hold does not depend on how many threads there are. Ends after the first block that is
 * not plain. Null for sources that are no plain files, and for small ones. `bodyStart` is where
 * rows begin in the text, which is the file without a byte order mark.
 */
export async function textBlocks(
  source: Source,
  { columns, ...about }: TextOf,
  settings: BlockSettings = settingsUsual,
): Promise<AsyncGenerator<TextBlock> | null> {
  const { file, sizeBytes: end } = source;
  const { fileBytesMin, blockBytes } = settings;
  const isObserved = columns.some(({ observe }) => observe !== undefined);
  if (file === undefined || isObserved || end < fileBytesMin || settings.threads < 2) return null;
  const textStart = textStartOf(await source.range(0, Math.min(3, end)));
  if (textStart === null) return null;
  const told = columns.map(({ levels: _, observe: __, ...column }) => column);
  const bodyStart = about.bodyStart + textStart;
  const job = { ...about, columns: told, bodyStart, path: file.path, end, blockBytes };
  return blocks(job, settings, textStart, file.passed);
}

/** Null for what is packed, and for text that is not UTF-8. */
function textStartOf([a, b, c]: Uint8Array): number | null {
  if (a === 0x28 && b === 0xb5) return null;
  if ((a === 0x1f && b === 0x8b) || (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    return null;
  return a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0;
}

/**
 * What the numbers of levels in a block are among those of all rows so far, column by column; null
 * for one of numbers. Null instead of all of them where a level is refused: whoever reads the rows
 * one after another says which, and where.
 */
export function levelNumbers(
  columns: readonly Column[],
  { levels }: FoundRows,
): (Float64Array | null)[] | null {
  try {
    return columns.map((column, i) =>
      column.kind === "text"
        ? Float64Array.from(levels[i]!, (text) => levelOf(column, text, () => column.name))
        : null,
    );
  } catch (thrown) {
    if (thrown instanceof RunError) return null;
    throw thrown;
  }
}

async function* blocks(
  job: TextJob,
  { threads, blockBytes }: BlockSettings,
  textStart: number,
  passed: (bytes: number) => void,
): AsyncGenerator<TextBlock> {
  const { bodyStart, end } = job;
  const count = Math.ceil((end - bodyStart) / blockBytes);
  const scanners = Array.from({ length: Math.min(threads, count) }, () => scanner(job));
  const under = new Map<number, Promise<BlockAnswer>>();
  const ahead = slotsPerThread * scanners.length;
  const rangeOf = (number: number) => {
    const from = bodyStart + number * blockBytes;
    return { from, to: Math.min(end, from + blockBytes) };
  };
  const ask = (number: number) => {
    if (number >= count) return;
    const slot = Math.floor(number / scanners.length) % slotsPerThread;
    const scanner = scanners[number % scanners.length]!;
    under.set(number, awaitedLater(scanner.ask({ number, slot, ...rangeOf(number) })));
  };
  try {
    for (let number = 0; number < ahead; number++) ask(number);
    let from = bodyStart - textStart;
    for (let number = 0; number < count; number++) {
      const { found, end: rowsEnd } = await under.get(number)!;
      under.delete(number);
      if (found === null) {
        yield { kind: "other", from };
        return;
      }
      yield { kind: "rows", from, found };
      passed(Math.max(0, rowsEnd - textStart - from));
      from = Math.max(from, rowsEnd - textStart);
      // Its slot is free only now that its rows were taken.
      ask(number + ahead);
    }
  } finally {
    await Promise.all(scanners.map((one) => one.close()));
  }
}

interface BlockScanner {
  ask(question: BlockQuestion): Promise<BlockAnswer>;
  close(): Promise<void>;
}

/** A thread that scans blocks in the order in which they are asked. */
function scanner(job: TextJob): BlockScanner {
  const thread = new Worker(entryBeside(import.meta.url, "text-thread"), { workerData: job });
  const open = new Map<number, PromiseWithResolvers<BlockAnswer>>();
  thread.on("message", (answer: BlockAnswer) => {
    open.get(answer.number)?.resolve(answer);
    open.delete(answer.number);
  });
  thread.on("error", (thrown) => {
    for (const { reject } of open.values())
      reject(new Error(`a thread that reads ${job.path} failed: ${messageOf(thrown)}`));
    open.clear();
  });
  return {
    ask(question) {
      const answer = Promise.withResolvers<BlockAnswer>();
      open.set(question.number, answer);
      thread.postMessage(question);
      return answer.promise;
    },
    close: async () => void (await thread.terminate()),
  };
}
