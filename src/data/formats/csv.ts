import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { isDelimited, sniff, sniffRows } from "./csv-dialect.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { csvTextOf } from "./csv-text.ts";
import {
  type Column,
  type DenseWindow,
  type Layout,
  type ReadOptions,
  type Table,
  WindowCells,
} from "./table.ts";
import {
  type BlockSettings,
  type FoundRows,
  levelNumbers,
  type TextBlock,
  textBlocks,
} from "./text-blocks.ts";

const headBytesMax = 8 * 1024 * 1024;

/** A CSV file: RFC 4180 in UTF-8, plain or gzip; the head decides what `options` leave open. */
export async function openCsv(
  source: Source,
  options: ReadOptions,
  layout: Layout,
  settings?: BlockSettings,
): Promise<Table<DenseWindow>> {
  const raw = await headOf(decodeText(source));
  const text = csvTextOf(raw.head, options, (head) => isDelimited(head, raw.whole));
  const { head } = await headOf(text.rewrite(oneChunk(raw)));
  const read = { ...options, delimiter: text.delimiter };
  const {
    delimiter,
    columns: fileColumns,
    bodyStart,
    bodyLine,
  } = sniff(head, raw.whole, read, source.name);
  const columns = layout(fileColumns);
  const { missingValues } = options;
  return {
    columns,
    async *windows() {
      const buffer = new WindowBuffer(columns);
      const job = {
        format: "csv",
        columns,
        delimiter,
        missingValues,
        firstIndex: 0,
        indexEnd: 0,
      } as const;
      const blocks = text.isPlain
        ? await textBlocks(source, { ...job, bodyStart }, settings)
        : null;
      const rest =
        blocks === null
          ? { from: bodyStart, line: bodyLine }
          : yield* blockWindows(blocks, buffer, bodyLine);
      if (rest !== null) {
        const firstLine = rest.line;
        const scan = { name: source.name, delimiter, columns, missingValues, firstLine };
        yield* scannedWindows(
          text.rewrite(decodeText(source)),
          rest.from,
          new CsvScanner(scan),
          buffer,
        );
      }
      if (buffer.rows > 0) yield buffer.take();
    },
  };
}

/** Rows that become windows. */
class WindowBuffer {
  rows = 0;
  readonly columns: readonly Column[];
  private readonly held: WindowCells;

  constructor(columns: readonly Column[]) {
    this.columns = columns;
    this.held = new WindowCells(columns.filter((column) => column.kind !== "skip").length);
  }

  /** Takes rows that the scanner has; true where a window is full. */
  fill(scanner: CsvScanner): boolean {
    const { held } = this;
    for (;;) {
      this.rows = scanner.fill(held.cells, held.width, this.rows, held.room);
      if (this.rows < held.room) return false;
      if (this.isFull()) return true;
      held.reserve(this.rows + 1);
    }
  }

  /** Takes rows from `from` on, as many as fit; returns the first that is left over. */
  add({ rows, cells }: FoundRows, from: number): number {
    const { held } = this;
    const count = Math.min(rows - from, held.rowsMax - this.rows);
    held.reserve(this.rows + count);
    const source = cells.subarray(from * held.width, (from + count) * held.width);
    held.cells.set(source, this.rows * held.width);
    this.rows += count;
    return from + count;
  }

  isFull(): boolean {
    return this.rows === this.held.rowsMax;
  }

  take(): DenseWindow {
    const { rows } = this;
    const { width, cells } = this.held;
    this.rows = 0;
    return { kind: "dense", rows, width, cells };
  }
}

/** Windows of rows that were found by threads; where other rows begin, null at the file's end. */
async function* blockWindows(
  blocks: AsyncIterable<TextBlock>,
  buffer: WindowBuffer,
  firstLine: number,
): AsyncGenerator<DenseWindow, { readonly from: number; readonly line: number } | null> {
  let line = firstLine;
  for await (const block of blocks) {
    const levels = block.kind === "rows" ? levelNumbers(buffer.columns, block.found) : null;
    if (block.kind === "other" || levels === null) return { from: block.from, line };
    const { found } = block;
    renumber(found, buffer.columns, levels);
    for (let row = 0; row < found.rows; ) {
      row = buffer.add(found, row);
      if (buffer.isFull()) yield buffer.take();
    }
    line += found.lines;
  }
  return null;
}

/** Puts the numbers that levels have among all rows in place of those of a block. */
function renumber(
  { rows, cells }: FoundRows,
  columns: readonly Column[],
  levels: readonly (Float64Array | null)[],
): void {
  const read = levels.filter((_, i) => columns[i]!.kind !== "skip");
  for (const [column, numbers] of read.entries()) {
    if (numbers === null) continue;
    for (let at = column; at < rows * read.length; at += read.length) {
      const level = cells[at]!;
      if (level >= 0) cells[at] = numbers[level]!;
    }
  }
}

async function* scannedWindows(
  chunks: AsyncIterable<Buffer>,
  from: number,
  scanner: CsvScanner,
  buffer: WindowBuffer,
): AsyncGenerator<DenseWindow> {
  let skip = from;
  for await (const chunk of chunks) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    scanner.push(chunk.subarray(skipped));
    while (buffer.fill(scanner)) yield buffer.take();
  }
  scanner.finish();
  while (buffer.fill(scanner)) yield buffer.take();
  scanner.close();
}

interface Head {
  readonly head: Buffer;
  /** There is no more. */
  readonly whole: boolean;
}

async function* oneChunk({ head }: Head): AsyncGenerator<Buffer> {
  yield head;
}

async function headOf(chunks: AsyncIterable<Buffer>): Promise<Head> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let lines = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    if (bytes >= headBytesMax || lines > sniffRows + 1)
      return { head: Buffer.concat(parts), whole: false };
  }
  return { head: Buffer.concat(parts), whole: true };
}
