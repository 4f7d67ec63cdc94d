import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { randomFrom } from "../../src/core/random.ts";
import { parseOptions } from "../../src/core/registry.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import { dataSchema } from "../../src/data/options.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { openLocal } from "../../src/data/sources/local-source.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { handOver } from "../hand-over.ts";
import { folderStore } from "./folder-store.ts";
import { formats, inOwnProcess } from "./own-process.ts";

/**
 * CSV to encoded shards on disk. Arguments: sizes in megabytes (default 10 100; 1000 takes 1 GB of
 * temporary space and 4 GB more for rows and shards). `csv 30 300`, also of jsonl, libsvm, npy,
 * parquet (in one row group) and arrow (in one batch of rows): files of that format, and the most
 * memory that a process of its own takes for each.
 */
const workers = 16;
const columns = 20;
const types = ["hadamard", "replication"];

const format = formats.find((one) => one === process.argv[2]);
if (format !== undefined) {
  const given = process.argv.slice(3).map(Number);
  await inOwnProcess(format, given.length > 0 ? given : [30, 300]);
  process.exit();
}
const sizes = process.argv.slice(2).map(Number);
const results: object[] = [];
const folder = await mkdtemp(join(tmpdir(), "kofn-bench-"));
try {
  console.log(`CSV of ${columns + 1} columns to ${workers} shards, redundancy 2`);
  console.log("encoding      MB    prepare s  encode s   MB/s   peak MB");
  for (const megabytes of sizes.length > 0 ? sizes : [10, 100]) {
    const path = join(folder, `${megabytes}.csv`);
    await writeCsv(path, megabytes * 1e6);
    for (const type of types) results.push(await measure(path, type));
    await rm(path);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
handOver({ bench: "encode", workers, columns, results });

async function measure(path: string, type: string): Promise<object> {
  const root = join(folder, "store");
  const store = folderStore(root);
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, 20);
  try {
    const start = performance.now();
    const data = parseOptions(dataSchema, { source: path, target: "y", test: 0.1 }, "data");
    const request = { data, task: "regression" as const, seed: 1 };
    const prepared = await prepareDataSet(request, { open: openLocal, store });
    const middle = performance.now();
    const chosen = encodings.resolve({ type, redundancy: 2 } as { type: string }, "encoding");
    const encoding = encodings.create(chosen);
    await encodeData(prepared, { encoding, chosen, workers, seed: 1 }, store);
    const end = performance.now();
    const megabytes = (await stat(path)).size / 1e6;
    const row = {
      type,
      megabytes: Math.round(megabytes),
      prepareSeconds: round((middle - start) / 1e3),
      encodeSeconds: round((end - middle) / 1e3),
      megabytesPerSecond: round(megabytes / ((end - start) / 1e3)),
      peakMegabytes: Math.round(peakBytes / 1e6),
    };
    const cells = Object.values(row).slice(1);
    console.log(type.padEnd(12) + cells.map((cell) => String(cell).padStart(9)).join(" "));
    return row;
  } finally {
    clearInterval(timer);
    await rm(root, { recursive: true, force: true });
  }
}

async function writeCsv(path: string, bytes: number): Promise<void> {
  const random = randomFrom(3);
  const names = Array.from({ length: columns }, (_, i) => `x${i}`);
  await pipeline(async function* () {
    let written = 0;
    yield `${names.join(",")},y\n`;
    while (written < bytes) {
      const lines: string[] = [];
      for (let i = 0; i < 1_000; i++) {
        const row = names.map(() => (random.uniform() * 20 - 10).toFixed(6));
        lines.push(`${row.join(",")},${(random.uniform() * 100).toFixed(4)}\n`);
      }
      const text = lines.join("");
      written += text.length;
      yield text;
    }
  }, createWriteStream(path));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
