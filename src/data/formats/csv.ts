import type { Source } from "../sources/source.ts";
import { decodeText } from "../sources/text.ts";
import { sniff, sniffRows } from "./csv-dialect.ts";
import { CsvScanner } from "./csv-scanner.ts";
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
  const { head, whole } = await headOf(source);
  const {
    delimiter,
    columns: fileColumns,
    bodyStart,
    bodyLine,
  } = sniff(head, whole, options, source.name);
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
      return windows(decodeText(source), bodyStart, scanner, width);
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

async function headOf(source: Source): Promise<{ head: Buffer; whole: boolean }> {
  const parts: Buffer[] = [];
  let bytes = 0;
  let lines = 0;
  for await (const chunk of decodeText(source)) {
    parts.push(chunk);
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
    if (bytes >= headBytesMax || lines > sniffRows + 1)
      return { head: Buffer.concat(parts), whole: false };
  }
  return { head: Buffer.concat(parts), whole: true };
}
