import { Worker } from "node:worker_threads";
import { type FileMetaData, parquetSchema, type SchemaElement } from "hyparquet";
import { entryBeside } from "../../core/entries.ts";
import { messageOf } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";

const threadMemoryMb = 2048;

/** A file as a thread is told of it. */
export interface ParquetJob {
  readonly byteLength: number;
  readonly metadata: FileMetaData;
  readonly columns: readonly string[];
}

export type ParquetQuestion =
  | { readonly kind: "file"; readonly job: ParquetJob }
  | { readonly kind: "bytes"; readonly id: number; readonly bytes: ArrayBuffer }
  | {
      readonly kind: "column";
      readonly column: string;
      readonly rowStart: number;
      readonly rowEnd: number;
    };

export type ParquetAnswer =
  | ({ readonly kind: "need"; readonly id: number } & ByteRange)
  | { readonly kind: "ranges"; readonly ranges: readonly RowRange[] }
  | { readonly kind: "column"; readonly data: ArrayLike<unknown> }
  | { readonly kind: "failed"; readonly message: string };

interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface RowRange {
  readonly rowStart: number;
  readonly rowEnd: number;
}

/** A file's columns, decoded on a thread. One question at a time. */
export interface ParquetColumns {
  ranges(): Promise<readonly RowRange[]>;
  column(name: string, range: RowRange): Promise<ArrayLike<unknown>>;
  close(): Promise<void>;
}

/** Rejects where the decoder fails, and where it says nothing for `stallMs`. */
export function parquetColumns(
  source: Source,
  metadata: FileMetaData,
  columns: readonly string[],
  stallMs: number,
): ParquetColumns {
  const thread = takeThread();
  let waiting = Promise.withResolvers<ParquetAnswer>();
  /** Answers that are still to come; a decoder that failed may be at work even so. */
  let pending = 0;
  let hasFailed = false;
  const watch = watchdog(stallMs, () => {
    settle({ kind: "failed", message: `a page could not be decoded in ${stallMs / 1000} s` });
    void thread.terminate();
  });
  const settle = (answer: ParquetAnswer) => {
    watch.stop();
    pending--;
    if (answer.kind !== "failed") return waiting.resolve(answer);
    hasFailed = true;
    waiting.reject(new Error(answer.message));
  };
  const onError = (thrown: unknown) => settle({ kind: "failed", message: messageOf(thrown) });
  const onAnswer = (answer: ParquetAnswer) => {
    if (answer.kind !== "need") return settle(answer);
    watch.restart();
    sendBytes(source, answer, thread).catch(onError);
  };
  thread.on("error", onError);
  thread.on("message", onAnswer);
  const receive = async (): Promise<ParquetAnswer> => {
    watch.restart();
    const answer = await waiting.promise;
    waiting = Promise.withResolvers();
    return answer;
  };
  pending++;
  const job: ParquetJob = { byteLength: source.sizeBytes, metadata, columns };
  thread.postMessage({ kind: "file", job } satisfies ParquetQuestion);
  return {
    async ranges() {
      const answer = await receive();
      return answer.kind === "ranges" ? answer.ranges : [];
    },
    async column(name, range) {
      pending++;
      thread.postMessage({ kind: "column", column: name, ...range } satisfies ParquetQuestion);
      const answer = await receive();
      return answer.kind === "column" ? answer.data : [];
    },
    async close() {
      watch.stop();
      thread.off("error", onError);
      thread.off("message", onAnswer);
      const isFree = pending === 0 && !hasFailed && source.sizeBytes <= keptBytesMax;
      await (isFree ? keepThread(thread) : thread.terminate());
    },
  };
}

/** Calls `onStall` where it is not restarted or stopped for so long. */
function watchdog(stallMs: number, onStall: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(timer);
  const restart = () => {
    stop();
    timer = setTimeout(onStall, stallMs);
  };
  return { restart, stop };
}

/** Hands over bytes of the file in memory of their own. */
async function sendBytes(
  source: Source,
  { id, from, to }: ByteRange & { readonly id: number },
  thread: Worker,
): Promise<void> {
  const bytes = await source.range(from, to);
  const isOwn = bytes.byteLength === bytes.buffer.byteLength && !Buffer.isBuffer(bytes);
  const copy = (isOwn ? bytes : bytes.slice()).buffer as ArrayBuffer;
  thread.postMessage({ kind: "bytes", id, bytes: copy } satisfies ParquetQuestion, [copy]);
}

/** A thread that decoded a larger file holds more memory than beginning one costs. */
const keptBytesMax = 8 * 1024 * 1024;

/** One that has done its file waits for the next: most files take less time than its beginning. */
let idle: Worker | null = null;

function takeThread(): Worker {
  const thread = idle ?? newThread();
  idle = null;
  thread.ref();
  return thread;
}

async function keepThread(thread: Worker): Promise<void> {
  if (idle !== null) await thread.terminate();
  else {
    idle = thread;
    thread.unref();
  }
}

function newThread(): Worker {
  const thread = new Worker(entryBeside(import.meta.url, "parquet-thread"), {
    // A damaged count may ask for any amount of memory; the thread fails then, not the process.
    resourceLimits: { maxOldGenerationSizeMb: threadMemoryMb },
  });
  const forget = () => {
    if (idle === thread) idle = null;
  };
  return thread.on("error", forget).on("exit", forget);
}

/** What a value that was decoded stands for. */
export type Mend = (value: unknown) => unknown;

/** By column: of those whose values the decoder leaves otherwise than they are. */
export function mendsIn(metadata: FileMetaData): ReadonlyMap<string, Mend> {
  return new Map(
    parquetSchema(metadata).children.flatMap(({ element }) => {
      const mend = mendOf(element);
      return mend === null ? [] : [[element.name, mend] as const];
    }),
  );
}

function mendOf({
  converted_type: converted,
  logical_type: logical,
  scale = 0,
}: SchemaElement): Mend | null {
  // The decoder multiplies by a power of ten, which is off by a bit: 3 tenths are 0.3.
  if (converted === "DECIMAL")
    return (value) => (typeof value === "number" ? Number(value.toFixed(scale)) : value);
  const isUnsigned = logical?.type === "INTEGER" && !logical.isSigned;
  if (converted !== "UINT_64" && converted !== "UINT_32" && !isUnsigned) return null;
  // Where some values are missing, the decoder leaves the largest below zero.
  return (value) => {
    if (typeof value === "bigint") return BigInt.asUintN(64, value);
    return typeof value === "number" && value < 0 ? value >>> 0 : value;
  };
}
