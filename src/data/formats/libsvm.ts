import type { DataOptions } from "../options.ts";
import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { featuresMax, foldedMax, isBlank, SparseParser } from "./sparse-parser.ts";
import type { Column, Layout, SparseWindow, Table } from "./table.ts";
import { type BlockSettings, levelNumbers, type TextBlock, textBlocks } from "./text-blocks.ts";

const newline = 0x0a;
const hash = 0x23;
const lineBytesMax = 16 * 1024 * 1024;

/**
 * A LIBSVM file: `label index:value ...`, `#` begins a comment, `qid:3` is passed over. Indices
 * count from 1, or from 0 where `zeroBased` says so; rows whose indices do not ascend are sorted.
 * With `indexBuckets` features are the buckets that indices fall into.
 */
export function openLibsvm(
  source: Source,
  { zeroBased, indexBuckets }: Pick<DataOptions, "zeroBased" | "indexBuckets">,
  layout: Layout,
  settings?: BlockSettings,
): Table<SparseWindow> {
  const columns = layout([{ name: "label", kind: "number" }]);
  const notes = new Set<string>();
  const firstIndex = zeroBased === true ? 0 : 1;
  const indexEnd = indexBuckets === undefined ? featuresMax : foldedMax;
  const text = { format: "libsvm", columns, bodyStart: 0, firstIndex, indexEnd } as const;
  return {
    columns,
    notes: () => [...notes],
    async *windows() {
      const parser = new SparseParser(source.name, columns[0]!, {
        ...{ firstIndex, indexEnd, buckets: indexBuckets ?? null },
        notes,
      });
      const of = { ...text, delimiter: " ", missingValues: [] };
      const blocks = await textBlocks(source, of, settings);
      const from = blocks === null ? 0 : yield* blockWindows(blocks, parser, columns[0]!);
      if (from !== null) yield* lineWindows(decodeText(source), from, parser);
      if (parser.rows > 0) yield parser.take();
    },
  };
}

/**
 * Whether an index of 0 stands anywhere in a file, which then counts from 0. A file that counts
 * from 0 and never uses its first feature looks as if it counted from 1: nobody can tell.
 */
export async function hasIndexZero(source: Source): Promise<boolean> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of decodeText(source)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let at = bytes.indexOf("0:"); at > 0; at = bytes.indexOf("0:", at + 1)) {
      if (!isBlank(bytes[at - 1]!)) continue;
      const lineAt = bytes.lastIndexOf(newline, at) + 1;
      if (!bytes.subarray(lineAt, at).includes(hash)) return true;
    }
    rest = Buffer.from(bytes.subarray(Math.max(0, bytes.lastIndexOf(newline) + 1)));
    if (rest.length > lineBytesMax) rest = rest.subarray(-2);
  }
  return false;
}

/** Windows of rows that were found by threads; where other rows begin, null at the file's end. */
async function* blockWindows(
  blocks: AsyncIterable<TextBlock>,
  parser: SparseParser,
  label: Column,
): AsyncGenerator<SparseWindow, number | null> {
  for await (const block of blocks) {
    const labels = block.kind === "rows" ? levelNumbers([label], block.found) : null;
    if (block.kind === "other" || labels === null) return block.from;
    const { found } = block;
    for (let row = 0; row < found.rows; ) {
      row = parser.add(found, row, labels[0]!);
      if (parser.full()) yield parser.take();
    }
    parser.passLines(found);
  }
  return null;
}

async function* lineWindows(
  chunks: AsyncIterable<Buffer>,
  from: number,
  parser: SparseParser,
): AsyncGenerator<SparseWindow> {
  let rest: Buffer = Buffer.alloc(0);
  let skip = from;
  for await (const whole of chunks) {
    const chunk = whole.subarray(Math.min(skip, whole.length));
    skip -= whole.length - chunk.length;
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, at)) {
      parser.line(bytes, at, end);
      at = end + 1;
      if (parser.full()) yield parser.take();
    }
    rest = bytes.subarray(at);
    if (rest.length > lineBytesMax) throw parser.error(`a line of over ${lineBytesMax} bytes`);
  }
  parser.line(rest, 0, rest.length);
}
