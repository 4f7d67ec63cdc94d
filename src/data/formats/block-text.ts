import { readSync } from "node:fs";
import type { TextJob } from "./text-blocks.ts";

const newline = 0x0a;
/** A block's last row may go on behind the block by so much. */
export const tailBytesMax = 2 * 1024 * 1024;
/** First read behind a block, which is enough for most last rows. */
const tailBytes = 64 * 1024;

/** The rows that begin in a block. */
export interface BlockText {
  readonly bytes: Buffer;
  /** From the first row's start to the last one's end. */
  readonly start: number;
  readonly end: number;
  /** The same end, in bytes of the file. */
  readonly fileEnd: number;
}

/** Reads the rows that begin within a block; null where the last one is longer than may be. */
export function blockText(
  file: number,
  bytes: Buffer,
  job: TextJob,
  { from, to }: { readonly from: number; readonly to: number },
): BlockText | null {
  const isFirst = from === job.bodyStart;
  const base = isFirst ? from : from - 1;
  let length = readAt(file, bytes, 0, base, Math.min(job.end, to + tailBytes));
  // The last row ends at the first newline that is not before the block's last byte.
  let last = bytes.subarray(0, length).indexOf(newline, to - 1 - base);
  if (last < 0 && base + length < job.end) {
    const more = Math.min(job.end, to + tailBytesMax);
    length += readAt(file, bytes, length, base + length, more);
    last = bytes.subarray(0, length).indexOf(newline, to - 1 - base);
  }
  if (last < 0) {
    if (base + length < job.end) return null;
    bytes[length] = newline;
    last = length;
  }
  const before = isFirst ? -1 : bytes.subarray(0, last + 1).indexOf(newline);
  // No row begins here: one from before goes on to the end, or ends with the block.
  const start = before < 0 && !isFirst ? last + 1 : before + 1;
  return { bytes, start: Math.min(start, last + 1), end: last + 1, fileEnd: base + last + 1 };
}

function readAt(file: number, into: Buffer, at: number, from: number, to: number): number {
  let done = 0;
  while (from + done < to) {
    const count = readSync(file, into, at + done, to - from - done, from + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
