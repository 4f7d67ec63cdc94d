import { execFileSync } from "node:child_process";
import { createWriteStream, writeFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parquetWriteFile } from "hyparquet-writer";
import { randomFrom } from "../../src/core/random.ts";
import { parseOptions } from "../../src/core/registry.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import { dataSchema } from "../../src/data/options.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { openLocal } from "../../src/data/sources/local-source.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { arrowBytes } from "../../test/data/arrow-writer.ts";
import { folderStore } from "./folder-store.ts";

const columns = 20;
const peakMegabytesMax = 512;
const [task, path = "", size = "0"] = process.argv.slice(2);
const random = randomFrom(3);
const value = () => random.uniform() * 20 - 10;
const rowOf = <T>(of: (i: number) => T) => Array.from({ length: columns + 1 }, (_, i) => of(i));
const nameOf = (i: number) => (i < columns ? `x${i}` : "y");

/** How rows of text are written, by the ending of the file. */
const lines: Readonly<Record<string, { readonly head?: string; readonly line: () => string }>> = {
  csv: {
    head: `${rowOf(nameOf).join(",")}\n`,
    line: () => `${rowOf(() => value().toFixed(6)).join(",")}\n`,
  },
  jsonl: { line: () => `{${rowOf((i) => `"${nameOf(i)}":${value().toFixed(6)}`).join(",")}}\n` },
  libsvm: {
    line: () => `${rowOf((i) => (i === 0 ? "" : `${i}:`) + value().toFixed(6)).join(" ")}\n`,
  },
};
export const formats = [...Object.keys(lines), "npy", "parquet", "arrow"] as const;

/**
 * Writes a file of each size and encodes it, each in a process of its own, whose most memory is
 * told; Parquet in one row group, Arrow in one batch of rows. Exits with 1 where that is more than
 * 512 MB.
 */
export async function inOwnProcess(format: string, sizes: readonly number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const own = (...args: string[]) =>
    execFileSync(process.execPath, [import.meta.filename, ...args]);
  try {
    for (const megabytes of sizes) {
      const file = join(folder, `t.${format}`);
      own("write", file, String(megabytes));
      const { size } = await stat(file);
      const told = JSON.parse(own("measure", file).toString()) as Awaited<
        ReturnType<typeof measure>
      >;
      const groups = format === "parquet" ? { rowGroups: 1 } : {};
      const about = { bench: "encode", format, ...groups, columns };
      const rate = Math.round((size / 1e6 / told.seconds) * 10) / 10;
      const row = { megabytes: Math.round(size / 1e6), megabytesPerSecond: rate, ...told };
      console.log(JSON.stringify({ ...about, ...row }));
      if (told.peakMegabytes > peakMegabytesMax) process.exitCode = 1;
      await rm(file);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(filename: string, bytes: number): Promise<void> {
  const format = filename.split(".").at(-1)!;
  if (format === "parquet") return writeParquet(filename, bytes);
  if (format === "arrow") return writeArrow(filename, bytes);
  const { head = "", line } = lines[format] ?? {};
  const rows = Math.round(bytes / 8 / (columns + 1));
  await pipeline(async function* () {
    yield line === undefined ? npyHead(rows) : head;
    for (let written = 0; written < bytes; ) {
      const block =
        line === undefined
          ? Buffer.from(Float64Array.from({ length: 1_000 * (columns + 1) }, value).buffer)
          : Buffer.from(Array.from({ length: 1_000 }, line).join(""));
      const rest = 8 * rows * (columns + 1) - written;
      yield line === undefined && rest < block.length ? block.subarray(0, rest) : block;
      written += block.length;
    }
  }, createWriteStream(filename));
}

function npyHead(rows: number): Buffer {
  const shape = `(${rows}, ${columns + 1})`;
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${text}\n`, "latin1");
  head.writeUInt16LE(text.length + 1, 8);
  return head;
}

/** Numbers of 8 bytes that do not pack. */
function writeParquet(filename: string, bytes: number): void {
  const rows = Math.round(bytes / 8 / (columns + 1));
  const columnData = rowOf((i) => ({
    name: nameOf(i),
    data: Float64Array.from({ length: rows }, value),
    type: "DOUBLE" as const,
    nullable: false,
  }));
  parquetWriteFile({ filename, columnData, rowGroupSize: rows, codec: "UNCOMPRESSED" });
}

function writeArrow(filename: string, bytes: number): void {
  const rows = Math.round(bytes / 8 / (columns + 1));
  const data = rowOf((i) => {
    const values = Float64Array.from({ length: rows }, value);
    const buffers = [new Uint8Array(0), new Uint8Array(values.buffer)];
    // A FloatingPoint of double precision.
    return { name: nameOf(i), type: 3, about: [{ bytes: 2, value: 2 } as const], buffers };
  });
  writeFileSync(filename, arrowBytes(data, rows, "file"));
}

async function measure(source: string) {
  const folder = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const mostSoFar = () => Math.round(process.resourceUsage().maxRSS / 1e3);
  try {
    const store = folderStore(folder);
    const start = performance.now();
    const target = /csv|jsonl|parquet|arrow/.test(source)
      ? "y"
      : /npy/.test(source)
        ? -1
        : undefined;
    const reading = { source, test: 0.1, ...(target === undefined ? {} : { target }) };
    const data = parseOptions(dataSchema, reading, "data");
    const request = { data, task: "regression" as const, seed: 1 };
    const prepared = await prepareDataSet(request, { open: openLocal, store });
    const prepareSeconds = (performance.now() - start) / 1e3;
    const preparePeakMegabytes = mostSoFar();
    // Sparse rows are not mixed.
    const type = source.endsWith("libsvm") ? "replication" : "hadamard";
    const chosen = encodings.resolve({ type, redundancy: 2 } as { type: string }, "encoding");
    const encoding = encodings.create(chosen);
    await encodeData(prepared, { encoding, chosen, workers: 16, seed: 1 }, store);
    const seconds = (performance.now() - start) / 1e3;
    return { prepareSeconds, seconds, preparePeakMegabytes, peakMegabytes: mostSoFar() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (task === "write") await write(path, Number(size) * 1e6);
if (task === "measure") console.log(JSON.stringify(await measure(path)));
