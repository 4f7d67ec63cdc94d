import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { openParquet } from "../../src/data/formats/parquet.ts";
import type { DenseWindow, FoundColumn, Layout } from "../../src/data/formats/table.ts";
import { newLevels } from "../../src/data/formats/table.ts";
import { openLocal } from "../../src/data/sources/local-source.ts";
import { sourceOf } from "./fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "kofn-small-"));
afterAll(() => rmSync(folder, { recursive: true }));

const layout: Layout = (found: readonly FoundColumn[]) =>
  found.map(({ name, kind }) => {
    const levels = newLevels(0);
    return { name, kind, missing: "refuse", isTarget: false, levels };
  });

const file = (...numbers: number[]) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: "a", data: numbers, type: "DOUBLE" }],
      codec: "SNAPPY",
    }),
  );

async function cellsOf(bytes: Uint8Array): Promise<number[]> {
  const table = await openParquet(sourceOf("a.parquet", bytes), [], layout);
  const cells: number[] = [];
  for await (const window of table.windows()) cells.push(...(window as DenseWindow).cells);
  return cells;
}

/** The threads that begin from now on to the test's end. */
function begun(): Worker[] {
  const threads: Worker[] = [];
  const note = (thread: Worker) => threads.push(thread);
  process.on("worker", note);
  onTestFinished(() => void process.off("worker", note));
  return threads;
}

test("files of Parquet one after another are decoded by one thread", async () => {
  const threads = begun();
  for (const i of [1, 2, 3]) expect(await cellsOf(file(i, 2 * i))).toEqual([i, 2 * i]);
  expect(threads.length).toBeLessThan(2);
  // At one moment each has its own.
  const both = await Promise.all([cellsOf(file(4)), cellsOf(file(5))]);
  expect(both).toEqual([[4], [5]]);
  expect(threads.length).toBeLessThan(3);
});

test("a thread that failed, or is left in the middle of a file, decodes no other", async () => {
  await cellsOf(file(1));
  const threads = begun();
  const damaged = file(...Array.from({ length: 50 }, (_, i) => i / 7));
  damaged.fill(0xff, 4, 60);
  await expect(cellsOf(damaged)).rejects.toThrow(/not a readable Parquet file/);
  expect(await cellsOf(file(7))).toEqual([7]);
  expect(threads).toHaveLength(1);
  const table = await openParquet(sourceOf("a.parquet", file(8)), [], layout);
  for await (const _ of table.windows()) break;
  expect(await cellsOf(file(9))).toEqual([9]);
});

test("a thread that waits for a file holds up no program that has nothing else to do", () => {
  const path = join(folder, "a.parquet");
  writeFileSync(path, file(1, 2));
  const from = (name: string) => JSON.stringify(join(import.meta.dirname, "../../src/data", name));
  const program = `import { openParquet } from ${from("formats/parquet.ts")};
import { openLocal } from ${from("sources/local-source.ts")};
const layout = (found) => found.map((one) => ({ ...one, missing: "refuse", levels: {} }));
const table = await openParquet(await openLocal(${JSON.stringify(path)}), [], layout);
for await (const { cells } of table.windows()) console.log(cells.join());`;
  const started = join(folder, "reads.mjs");
  writeFileSync(started, program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [started], { encoding: "utf8" });
  expect([status, stdout], stderr).toEqual([0, "1,2\n"]);
});

test("a small file is read into no more memory than it has bytes, or a page", async () => {
  const room = vi.spyOn(Buffer, "allocUnsafeSlow");
  for (const bytes of [0, 1, 4_095, 4_096, 10_000]) {
    const path = join(folder, "small");
    writeFileSync(path, new Uint8Array(bytes).fill(7));
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await openLocal(path)).bytes()) chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(Buffer.alloc(bytes, 7));
    expect(room).toHaveBeenCalled();
    for (const [size] of room.mock.calls)
      expect(size).toBeLessThanOrEqual(Math.max(4_096, bytes + 1));
    room.mockClear();
  }
});
