import { Worker } from "node:worker_threads";
import { type FileMetaData, parquetSchema, type SchemaElement } from "hyparquet";
import { entryBeside } from "../../core/entries.ts";
import { messageOf } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";

const threadMemoryMb = 2048;

/** What a thread is begun with. */
export interface ParquetJob {
  readonly byteLength: number;
  readonly metadata: FileMetaData;
  readonly columns: readonly string[];
}

export type ParquetQuestion =
  | { readonly kind: "bytes"; readonly id: number; readonly bytes: ArrayBuffer }
  | {
      readonly kind: "column";
      readonly column: string;
      readonly rowStart: number;
      readonly rowEnd: number;
    };

export type ParquetAnswer =
  | { readonly kind: "need"; readonly id: number; readonly from: number; readonly to: number }
  | { readonly kind: "ranges"; readonly ranges: readonly RowRange[] }
  | { readonly kind: "column"; readonly data: ArrayLike<unknown> }
  | { readonly kind: "failed"; readonly message: string };

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
  const thread = decoder({ byteLength: source.sizeBytes, metadata, columns });
  let waiting = Promise.withResolvers<ParquetAnswer>();
  let watchdog: NodeJS.Timeout | undefined;
  const watch = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      waiting.reject(new Error(`a page could not be decoded in ${stallMs / 1000} s`));
      void thread.terminate();
    }, stallMs);
  };
  const settle = (answer: ParquetAnswer) => {
    clearTimeout(watchdog);
    if (answer.kind === "failed") waiting.reject(new Error(answer.message));
    else waiting.resolve(answer);
  };
  thread.on("error", (thrown) => settle({ kind: "failed", message: messageOf(thrown) }));
  thread.on("message", (answer: ParquetAnswer) => {
    if (answer.kind !== "need") return settle(answer);
    watch();
    source.range(answer.from, answer.to).then(
      (bytes) => {
        const isOwn = bytes.byteLength === bytes.buffer.byteLength && !Buffer.isBuffer(bytes);
        const copy = (isOwn ? bytes : bytes.slice()).buffer as ArrayBuffer;
        const reply: ParquetQuestion = { kind: "bytes", id: answer.id, bytes: copy };
        thread.postMessage(reply, [copy]);
      },
      (thrown: unknown) => settle({ kind: "failed", message: messageOf(thrown) }),
    );
  });
  const receive = async (): Promise<ParquetAnswer> => {
    watch();
    const answer = await waiting.promise;
    waiting = Promise.withResolvers();
    return answer;
  };
  return {
    async ranges() {
      const answer = await receive();
      return answer.kind === "ranges" ? answer.ranges : [];
    },
    async column(name, range) {
      thread.postMessage({ kind: "column", column: name, ...range } satisfies ParquetQuestion);
      const answer = await receive();
      return answer.kind === "column" ? answer.data : [];
    },
    async close() {
      clearTimeout(watchdog);
      await thread.terminate();
    },
  };
}

function decoder(job: ParquetJob): Worker {
  return new Worker(entryBeside(import.meta.url, "parquet-thread"), {
    workerData: job,
    // A damaged count may ask for any amount of memory; the thread fails then, not the process.
    resourceLimits: { maxOldGenerationSizeMb: threadMemoryMb },
  });
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
