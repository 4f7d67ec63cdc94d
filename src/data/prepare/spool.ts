import type { FileHandle } from "node:fs/promises";
import { awaitedLater } from "../../core/awaited-later.ts";
import type { Random } from "../../core/random.ts";
import type { DenseWindow, SparseWindow, Table, Window } from "../formats/table.ts";
import { namelessFile, readAll, writeAll } from "../sources/nameless-file.ts";

/** Windows of rows kept in a temporary file, so that they can be gone over several times. */
export interface Spool<W extends Window> {
  readonly rows: number;
  /** Keeps the window's rows in the order given; the window is free again on return. */
  append(window: W, order: Uint32Array): Promise<void>;
  /** In the order they were appended; a window's arrays are used again two windows later. */
  windows(): AsyncGenerator<W>;
}

/** Gives `use` a way to make spools; their files are gone when it ends, however it ends. */
export async function withSpools<T>(
  use: (spool: <W extends Window>() => Promise<Spool<W>>) => Promise<T>,
): Promise<T> {
  const files: FileHandle[] = [];
  try {
    return await use(async () => {
      const file = await namelessFile();
      files.push(file);
      return spoolIn(file);
    });
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

/**
 * Fills a spool with a table's rows, those of each window in random order. `watch` sees windows
 * before that, as the file has them.
 */
export async function spoolRows(
  table: Table,
  spool: Spool<Window>,
  random: Random,
  watch: (window: Window) => void = () => undefined,
): Promise<Spool<Window>> {
  let index = 0;
  for await (const window of table.windows()) {
    watch(window);
    await spool.append(window, random.fork(`window/${index}`).permutation(window.rows));
    index++;
  }
  return spool;
}

/** Where a window is in the file, and its shape. */
interface Place {
  readonly at: number;
  readonly kind: Window["kind"];
  readonly rows: number;
  readonly width: number;
  readonly entries: number;
}

function spoolIn<W extends Window>(file: FileHandle): Spool<W> {
  const places: Place[] = [];
  let end = 0;
  let rows = 0;
  let staging = new ArrayBuffer(0);
  let written: Promise<void> = Promise.resolve();
  return {
    get rows() {
      return rows;
    },
    async append(window, order) {
      await written;
      const entries = window.kind === "sparse" ? window.offsets[window.rows]! : 0;
      const width = window.kind === "dense" ? window.width : 0;
      const place = { at: end, kind: window.kind, rows: window.rows, width, entries };
      const bytes = sizeOf(place);
      if (staging.byteLength < bytes) staging = new ArrayBuffer(bytes);
      reorder(window, order, windowIn(staging, place));
      places.push(place);
      rows += window.rows;
      end += bytes;
      written = awaitedLater(writeAll(file, Buffer.from(staging, 0, bytes), place.at));
    },
    async *windows() {
      await written;
      const scratch = [new ArrayBuffer(0), new ArrayBuffer(0)];
      const read = async (index: number): Promise<W | null> => {
        const place = places[index];
        if (place === undefined) return null;
        const bytes = sizeOf(place);
        if (scratch[index % 2]!.byteLength < bytes) scratch[index % 2] = new ArrayBuffer(bytes);
        await readAll(file, Buffer.from(scratch[index % 2]!, 0, bytes), place.at);
        return windowIn(scratch[index % 2]!, place) as W;
      };
      let next = read(0);
      for (let index = 1; ; index++) {
        const window = await next;
        if (window === null) return;
        next = awaitedLater(read(index));
        yield window;
      }
    },
  };
}

function sizeOf({ kind, rows, width, entries }: Place): number {
  return kind === "dense" ? rows * width * 8 : rows * 8 + (rows + 1) * 4 + entries * 8;
}

function windowIn(buffer: ArrayBuffer, place: Place): DenseWindow | SparseWindow {
  const { kind, rows, width, entries } = place;
  if (kind === "dense")
    return { kind, rows, width, cells: new Float64Array(buffer, 0, rows * width) };
  const offsetsAt = rows * 8;
  const indicesAt = offsetsAt + (rows + 1) * 4;
  return {
    kind,
    rows,
    labels: new Float64Array(buffer, 0, rows),
    offsets: new Uint32Array(buffer, offsetsAt, rows + 1),
    indices: new Uint32Array(buffer, indicesAt, entries),
    values: new Float32Array(buffer, indicesAt + entries * 4, entries),
  };
}

function reorder(from: Window, order: Uint32Array, to: Window): void {
  if (from.kind === "dense" && to.kind === "dense") reorderDense(from, order, to.cells);
  if (from.kind === "sparse" && to.kind === "sparse") reorderSparse(from, order, to);
}

function reorderDense({ cells, width }: DenseWindow, order: Uint32Array, out: Float64Array): void {
  let to = 0;
  for (let i = 0; i < order.length; i++) {
    const from = order[i]! * width;
    for (let j = 0; j < width; j++) out[to++] = cells[from + j]!;
  }
}

function reorderSparse(from: SparseWindow, order: Uint32Array, to: SparseWindow): void {
  let at = 0;
  to.offsets[0] = 0;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    for (let entry = from.offsets[row]!; entry < from.offsets[row + 1]!; entry++) {
      to.indices[at] = from.indices[entry]!;
      to.values[at++] = from.values[entry]!;
    }
    to.labels[i] = from.labels[row]!;
    to.offsets[i + 1] = at;
  }
}
