import type { FileHandle } from "node:fs/promises";
import { namelessFile, readAll, writeAll } from "../sources/nameless-file.ts";
import type { DenseWindow } from "./table.ts";

/**
 * Columns of many rows that come one after another, as windows of rows: they lie in a temporary
 * file in between, so that memory holds one column at a time.
 */
export async function* spooledWindows(
  columns: AsyncIterable<Float64Array>,
  { rows, width, capacity }: { readonly rows: number; readonly width: number; capacity: number },
): AsyncGenerator<DenseWindow> {
  const file = await namelessFile();
  try {
    let at = 0;
    for await (const { buffer, byteOffset, byteLength } of columns) {
      await writeAll(file, Buffer.from(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    const cells = new Float64Array(capacity * width);
    const column = new Float64Array(capacity);
    for (let from = 0; from < rows; from += capacity) {
      const count = Math.min(capacity, rows - from);
      for (let j = 0; j < width; j++) {
        await readNumbers(file, column.subarray(0, count), j * rows + from);
        for (let row = 0; row < count; row++) cells[row * width + j] = column[row]!;
      }
      yield { kind: "dense", rows: count, width, cells };
    }
  } finally {
    await file.close();
  }
}

async function readNumbers(file: FileHandle, into: Float64Array, at: number): Promise<void> {
  await readAll(file, Buffer.from(into.buffer, into.byteOffset, into.byteLength), at * 8);
}
