import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { isDelimited, sniff, sniffRows } from "./csv-dialect.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { csvTextOf } from "./csv-text.ts";
import {
  type DenseWindow,
  type Layout,
  type ReadOptions,
  rowCapacity,
  type Table,
} from "./table.ts";

const headBytesMax = 8 * 1024 * 1024;

/** A CSV file: RFC 4180 in UTF-8, plain or gzip; the head decides what `options` leave open. */
export async function openCsv(
  source: Source,
  options: ReadOptions,
  layout: Layout,
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
  const width = columns.filter((column) => column.kind !== "skip").length;
  return {
    columns,
    windows() {
      const scanner = new CsvScanner({
        name: source.name,
        delimiter,
        columns,
        missingValues: options.missingValues,
        firstLine: bodyLine,
      });
      return windows(text.rewrite(decodeText(source)), bodyStart, scanner, width);
    },
  };
}

async function* windows(
  chunks: AsyncIterable<Buffer>,
  bodyStart: number,
  scanner: CsvScanner,
  width: number,
): AsyncGenerator<DenseWindow> {
  const rowsMax = rowCapacity(width);
  const cells = new Float64Array(rowsMax * width);
  let rows = 0;
  let skip = bodyStart;
  const fill = () => {
    rows = scanner.fill(cells, width, rows, rowsMax);
    return rows === rowsMax;
  };
  for await (const chunk of chunks) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    scanner.push(chunk.subarray(skipped));
    while (fill()) {
      yield { kind: "dense", rows, width, cells };
      rows = 0;
    }
  }
  scanner.finish();
  while (fill()) {
    yield { kind: "dense", rows, width, cells };
    rows = 0;
  }
  scanner.close();
  if (rows > 0) yield { kind: "dense", rows, width, cells };
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
