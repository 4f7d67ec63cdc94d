import { isUtf8 } from "node:buffer";
import { parentPort } from "node:worker_threads";
import { type AsyncBuffer, parquetScan } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { messageOf } from "../../core/errors.ts";
import type { ParquetAnswer, ParquetJob, ParquetQuestion } from "./parquet-columns.ts";

/**
 * Decodes columns on a thread of its own, which can be ended: the decoder may never come back from
 * a damaged page. Bytes of the file are asked for by message. One file after another.
 */
const say = (answer: ParquetAnswer) => parentPort?.postMessage(answer);
const expected = new Map<number, (bytes: ArrayBuffer) => void>();
let count = 0;

const fileOf = (byteLength: number): AsyncBuffer => ({
  byteLength,
  slice: (from, to = byteLength) =>
    new Promise((resolve) => {
      expected.set(++count, resolve);
      say({ kind: "need", id: count, from, to: Math.min(to, byteLength) });
    }),
});
/** Points in time of whole milliseconds, rounded down as other formats are, before 1970 too. */
const pointIn = (unitsPerMs: bigint) => (units: bigint) => {
  const below = units < 0n && units % unitsPerMs !== 0n ? 1n : 0n;
  return new Date(Number(units / unitsPerMs - below));
};
const decoder = new TextDecoder();
/** What is no text stays bytes, which no cell is. */
const textIn = (bytes: Uint8Array | undefined) =>
  bytes !== undefined && isUtf8(bytes) ? decoder.decode(bytes) : bytes;
const parsers = {
  stringFromBytes: textIn,
  timestampFromMicroseconds: pointIn(1_000n),
  timestampFromNanoseconds: pointIn(1_000_000n),
};
const failed = (thrown: unknown) => say({ kind: "failed", message: messageOf(thrown) });

/** A scan remembers every column that it decoded, so each column has a scan of its own. */
type Scan = () => ReturnType<typeof parquetScan>;
let scan: Scan | undefined;

function scanOf({ byteLength, metadata, columns }: ParquetJob): Scan {
  const file = fileOf(byteLength);
  return () => parquetScan({ file, metadata, columns: [...columns], compressors, parsers });
}

/** Numbers are handed over in memory of their own, not copied one by one. */
function hand(data: ArrayLike<unknown>): void {
  const numbers = numbersOf(data);
  const answer: ParquetAnswer = { kind: "column", data: numbers ?? data };
  parentPort?.postMessage(answer, numbers === null ? [] : [numbers.buffer]);
}

/** A column without missing values that is numbers; null for others. */
function numbersOf(data: ArrayLike<unknown>): Float64Array<ArrayBuffer> | null {
  const numbers = new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (typeof value !== "number") return null;
    numbers[i] = value;
  }
  return numbers;
}

parentPort?.on("message", (question: ParquetQuestion) => {
  switch (question.kind) {
    case "file":
      scan = scanOf(question.job);
      scan().then(({ ranges }) => say({ kind: "ranges", ranges }), failed);
      return;
    case "bytes":
      expected.get(question.id)?.(question.bytes);
      expected.delete(question.id);
      return;
    case "column": {
      const { column, rowStart, rowEnd } = question;
      scan?.()
        .then(({ readColumn }) => readColumn({ column, rowStart, rowEnd }))
        .then(hand)
        .catch(failed);
    }
  }
});
