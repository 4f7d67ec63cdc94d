import { isUtf8 } from "node:buffer";
import { openSync } from "node:fs";
import { RunError } from "../../core/errors.ts";
import { firstFree, type Instance, instantiate } from "../../math/kernels/instance.ts";
import { type BlockText, blockText, tailBytesMax } from "./block-text.ts";
import { cellOf } from "./cell.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { SparseParser } from "./sparse-parser.ts";
import { type Column, newLevels } from "./table.ts";
import type { BlockAnswer, BlockQuestion, FoundRows, TextJob } from "./text-blocks.ts";

const newline = 0x0a;
const quote = 0x22;
/** Behind the text: a kernel reads eight bytes beyond what it looks at. */
const zeroes = 64;
const stateBytes = 8;

interface Places {
  readonly text: number;
  readonly reads: number;
  readonly state: number;
  readonly slots: readonly number[];
}

type Scan = (text: BlockText, slot: number) => FoundRows;

/**
 * Scans blocks of a file: plain rows by a kernel, any other row as all rows of a small file are.
 * Finds null where a block holds what only the order of all rows tells: quotation marks, and
 * whatever is wrong.
 */
export function blockScanner(
  job: TextJob,
): (question: BlockQuestion) => Omit<BlockAnswer, "number"> {
  // Node closes what a thread has open when the thread ends.
  const file = openSync(job.path, "r");
  // The byte before a block, and a last newline that a file may lack.
  const room = job.blockBytes + tailBytesMax + 2;
  const staging = Buffer.allocUnsafeSlow(room);
  const text = firstFree;
  const reads = text + align(room + zeroes);
  const state = reads + align(job.columns.length);
  const slotsAt = state + align(stateBytes);
  // A cell takes a byte of text at least, an entry of a sparse row four.
  const slotBytes = align(8 * room);
  const places = { text, reads, state, slots: [slotsAt, slotsAt + slotBytes] };
  const instance = instantiate(slotsAt + 2 * slotBytes);
  const { memory } = instance;
  new Uint8Array(memory, reads, job.columns.length).set(
    job.columns.map(({ kind }) => ["skip", "number", "text"].indexOf(kind)),
  );
  const scan = (job.format === "csv" ? tableScan : sparseScan)(job, instance, places);
  return ({ from, to, slot }) => {
    const found = blockText(file, staging, job, { from, to });
    if (found === null) return { end: from, found };
    const { bytes, start, end, fileEnd } = found;
    if (start === end) return { end: fileEnd, found: emptyBlock(job) };
    const inside = bytes.subarray(start, end);
    const isOdd = !isUtf8(inside) || inside.includes(0);
    if (isOdd || (job.format === "csv" && inside.includes(quote)))
      return { end: fileEnd, found: null };
    new Uint8Array(memory, text, room + zeroes).fill(0, end, end + zeroes);
    new Uint8Array(memory, text, room).set(inside, start);
    try {
      return { end: fileEnd, found: scan(found, slot) };
    } catch (thrown) {
      // Whoever reads the rows in order says the same, and where.
      if (thrown instanceof RunError) return { end: fileEnd, found: null };
      throw thrown;
    }
  };
}

function align(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

function emptyBlock({ format, columns }: TextJob): FoundRows {
  const none = { rows: 0, lines: 0, cells: new Float64Array(0), levels: columns.map(() => []) };
  if (format === "csv") return none;
  const [values, indices, ends] = [new Float32Array(0), new Uint32Array(0), new Uint32Array(0)];
  return { ...none, sparse: { values, indices, ends } };
}

function tableScan(job: TextJob, { memory, kernels }: Instance, places: Places): Scan {
  const { delimiter, missingValues } = job;
  const width = job.columns.filter(({ kind }) => kind !== "skip").length;
  const isPlain = job.columns.every(({ date }) => date !== true);
  const state = new Int32Array(memory, places.state, 2);
  return ({ bytes, start, end }, slot) => {
    const columns = job.columns.map(
      (column): Column => ({ ...column, levels: newLevels(Number.MAX_SAFE_INTEGER) }),
    );
    const reading = { name: job.path, delimiter, columns, missingValues, firstLine: 1 };
    const scanner = new CsvScanner(reading);
    const out = places.slots[slot]!;
    const cells = new Float64Array(memory, out, end);
    const texts = textCells(columns, new Set(missingValues), { memory, out, text: places.text });
    let [at, rows, lines] = [start, 0, 0];
    while (at < end) {
      if (isPlain) {
        const before = rows;
        rows += kernels.tableRows(
          places.text + at,
          places.text + end,
          columns.length,
          delimiter.charCodeAt(0),
          places.reads,
          out + 8 * rows * width,
          end - at,
          places.state,
        );
        texts(bytes, before, rows);
        at = state[0]! - places.text;
        lines += state[1]!;
        if (at >= end) break;
      }
      const rowEnd = isPlain ? bytes.indexOf(newline, at) + 1 : end;
      scanner.push(bytes.subarray(at, rowEnd));
      rows = scanner.fill(cells, width, rows, Number.MAX_SAFE_INTEGER);
      scanner.close();
      for (let i = at; i < rowEnd && i >= 0; lines++) i = bytes.indexOf(newline, i) + 1;
      at = rowEnd;
    }
    const levels = columns.map((column) => column.levels.names);
    return { rows, lines, cells: cells.subarray(0, rows * width), levels };
  };
}

/** Puts numbers of levels in place of where the kernel found the texts of them, row by row. */
function textCells(
  columns: readonly Column[],
  missing: ReadonlySet<string>,
  { memory, out, text }: { memory: SharedArrayBuffer; out: number; text: number },
): (bytes: Buffer, from: number, to: number) => void {
  const read = columns.filter(({ kind }) => kind !== "skip");
  const width = read.length;
  const known = read.map((column) => (column.kind === "text" ? new Map<string, number>() : null));
  const levelAt = (bytes: Buffer, column: number, from: number, to: number) => {
    const name = bytes.toString("latin1", from, to);
    const before = known[column]!.get(name);
    if (before !== undefined) return before;
    const cell = cellOf(read[column]!, bytes.toString("utf8", from, to), missing, () => "");
    known[column]!.set(name, cell);
    return cell;
  };
  return (bytes, from, to) => {
    const cells = new Float64Array(memory, out, to * width);
    const found = new Int32Array(memory, out, 2 * to * width);
    for (const [column, levels] of known.entries()) {
      if (levels === null) continue;
      for (let at = from * width + column; at < to * width; at += width)
        cells[at] = levelAt(bytes, column, found[2 * at]! - text, found[2 * at + 1]! - text);
    }
  };
}

function sparseScan(job: TextJob, { memory, kernels }: Instance, places: Places): Scan {
  const state = new Int32Array(memory, places.state, 2);
  return ({ bytes, start, end }, slot) => {
    const column: Column = { ...job.columns[0]!, levels: newLevels(Number.MAX_SAFE_INTEGER) };
    const notes = new Set<string>();
    const parser = lineParser(job, column, notes);
    const labelOf = labelReader(parser, column);
    const out = places.slots[slot]!;
    // An entry takes four bytes of text at least, a row two.
    const [entriesMax, rowsMax] = [(end >> 2) + 1, (end >> 1) + 1];
    const values = new Float32Array(memory, out, entriesMax);
    const indices = new Uint32Array(memory, out + 4 * entriesMax, entriesMax);
    const rowsAt = out + 8 * entriesMax;
    const lineFacts = new Int32Array(memory, rowsAt, 3 * rowsMax);
    const cells = new Float64Array(rowsMax);
    const ends = new Uint32Array(rowsMax);
    let [at, rows, entries, lines] = [start, 0, 0, 0];
    while (at < end) {
      const count = kernels.sparseRows(
        places.text + at,
        places.text + end,
        job.firstIndex,
        job.indexEnd,
        values.byteOffset,
        indices.byteOffset,
        rowsAt,
        entries,
        places.state,
      );
      for (let i = 0; i < 3 * count; i += 3) {
        cells[rows] = labelOf(bytes, lineFacts[i]! - places.text, lineFacts[i + 1]! - places.text);
        entries = lineFacts[i + 2]!;
        ends[rows++] = entries;
      }
      at = state[0]! - places.text;
      lines += state[1]!;
      if (at >= end) break;
      const lineEnd = bytes.indexOf(newline, at);
      parser.line(bytes, at, lineEnd);
      const line = parser.take();
      if (line.rows > 0) {
        const count = line.offsets[1]!;
        values.set(line.values.subarray(0, count), entries);
        indices.set(line.indices.subarray(0, count), entries);
        entries += count;
        cells[rows] = line.labels[0]!;
        ends[rows++] = entries;
      }
      lines++;
      at = lineEnd + 1;
    }
    const sparse = {
      values: values.subarray(0, entries),
      indices: indices.subarray(0, entries),
      ends: ends.slice(0, rows),
    };
    const levels = [column.levels.names];
    return { rows, lines, cells: cells.slice(0, rows), sparse, levels, notes: [...notes] };
  };
}

/** Of lines that the kernel leaves; buckets are filled where blocks are joined. */
function lineParser({ path, firstIndex, indexEnd }: TextJob, column: Column, notes: Set<string>) {
  return new SparseParser(path, column, { firstIndex, indexEnd, buckets: null, notes });
}

/** Labels that were seen before are looked up by their text. */
function labelReader(
  parser: SparseParser,
  { kind }: Column,
): (bytes: Buffer, from: number, to: number) => number {
  if (kind === "skip") return () => 0;
  const seen = new Map<string, number>();
  return (bytes, from, to) => {
    const text = bytes.toString("latin1", from, to);
    const before = seen.get(text);
    if (before !== undefined) return before;
    const label = parser.labelAt(bytes, from, to);
    if (seen.size < labelsKept) seen.set(text, label);
    return label;
  };
}

/** A target of numbers may have as many labels as rows. */
const labelsKept = 1_000;
