import { randomBytes } from "node:crypto";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert } from "../core/errors.ts";
import type { DenseWindow, SparseWindow, Window } from "./table.ts";

/** Windows of rows kept in a temporary file, so that they can be gone over several times. */
export interface Spool<W extends Window> {
  readonly rows: number;
  append(window: W): Promise<void>;
  /** In the order they were appended; the arrays are used again for the next window. */
  windows(): AsyncGenerator<W>;
}

/** Gives `use` a way to make spools; their folder is gone when it ends, however it ends. */
export async function withSpools<T>(
  use: (spool: <W extends Window>() => Promise<Spool<W>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-spool-"));
  const files: FileHandle[] = [];
  try {
    return await use(async () => {
      const file = await open(join(folder, randomBytes(8).toString("hex")), "wx+", 0o600);
      files.push(file);
      return spoolIn(file);
    });
  } finally {
    await Promise.all(files.map((file) => file.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

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
  return {
    get rows() {
      return rows;
    },
    async append(window) {
      const entries = window.kind === "sparse" ? window.offsets[window.rows]! : 0;
      const width = window.kind === "dense" ? window.width : 0;
      places.push({ at: end, kind: window.kind, rows: window.rows, width, entries });
      for (const array of arraysOf(window, entries)) {
        const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
        await writeAll(file, bytes, end);
        end += bytes.length;
      }
      rows += window.rows;
    },
    async *windows() {
      let scratch = new ArrayBuffer(0);
      for (const place of places) {
        const bytes = sizeOf(place);
        if (scratch.byteLength < bytes) scratch = new ArrayBuffer(bytes);
        await readAll(file, Buffer.from(scratch, 0, bytes), place.at);
        yield windowIn(scratch, place) as W;
      }
    },
  };
}

function arraysOf(window: Window, entries: number): (Float64Array | Float32Array | Uint32Array)[] {
  const { rows } = window;
  if (window.kind === "dense") return [window.cells.subarray(0, rows * window.width)];
  return [
    window.labels.subarray(0, rows),
    window.offsets.subarray(0, rows + 1),
    window.indices.subarray(0, entries),
    window.values.subarray(0, entries),
  ];
}

function sizeOf({ kind, rows, width, entries }: Place): number {
  return kind === "dense" ? rows * width * 8 : rows * 8 + (rows + 1) * 4 + entries * 8;
}

function windowIn(scratch: ArrayBuffer, place: Place): DenseWindow | SparseWindow {
  const { kind, rows, width, entries } = place;
  if (kind === "dense")
    return { kind, rows, width, cells: new Float64Array(scratch, 0, rows * width) };
  const offsetsAt = rows * 8;
  const indicesAt = offsetsAt + (rows + 1) * 4;
  return {
    kind,
    rows,
    labels: new Float64Array(scratch, 0, rows),
    offsets: new Uint32Array(scratch, offsetsAt, rows + 1),
    indices: new Uint32Array(scratch, indicesAt, entries),
    values: new Float32Array(scratch, indicesAt + entries * 4, entries),
  };
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length)
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
}

async function readAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, position + at);
    assert(bytesRead > 0, "a spool holds what was appended to it");
    at += bytesRead;
  }
}
