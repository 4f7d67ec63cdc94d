import { execFileSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteFile } from "hyparquet-writer";
import { randomFrom } from "../../src/core/random.ts";
import { parseOptions } from "../../src/core/registry.ts";
import { encodeData } from "../../src/data/encode/encode.ts";
import { dataSchema } from "../../src/data/options.ts";
import { prepareDataSet } from "../../src/data/prepare/prepare.ts";
import { openLocal } from "../../src/data/sources/local-source.ts";
import { encodings } from "../../src/encoding/registry.ts";
import { folderStore } from "./folder-store.ts";

const columns = 20;
const [task, path = "", size = "0"] = process.argv.slice(2);

/** Writes a Parquet file in one row group and encodes it, each in a process of its own. */
export async function oneRowGroup(megabytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const file = join(folder, "t.parquet");
  const own = (...args: string[]) =>
    execFileSync(process.execPath, [import.meta.filename, ...args]);
  try {
    own("write", file, String(megabytes));
    const { size } = await stat(file);
    const told = JSON.parse(own("measure", file).toString()) as object;
    const about = { bench: "encode", format: "parquet", rowGroups: 1, columns };
    console.log(JSON.stringify({ ...about, megabytes: Math.round(size / 1e6), ...told }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Numbers of 8 bytes that do not pack. */
function write(filename: string, megabytes: number): void {
  const random = randomFrom(3);
  const rows = Math.round((megabytes * 1e6) / 8 / (columns + 1));
  const columnData = Array.from({ length: columns + 1 }, (_, i) => ({
    name: i < columns ? `x${i}` : "y",
    data: Float64Array.from({ length: rows }, () => random.uniform() * 20 - 10),
    type: "DOUBLE" as const,
    nullable: false,
  }));
  parquetWriteFile({ filename, columnData, rowGroupSize: rows, codec: "UNCOMPRESSED" });
}

async function measure(source: string): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), "kofn-bench-"));
  const mostSoFar = () => Math.round(process.resourceUsage().maxRSS / 1e3);
  try {
    const store = folderStore(folder);
    const start = performance.now();
    const data = parseOptions(dataSchema, { source, target: "y", test: 0.1 }, "data");
    const request = { data, task: "regression" as const, seed: 1 };
    const prepared = await prepareDataSet(request, { open: openLocal, store });
    const prepareSeconds = (performance.now() - start) / 1e3;
    const preparePeakMegabytes = mostSoFar();
    const hadamard = { type: "hadamard", redundancy: 2 } as { type: string };
    const chosen = encodings.resolve(hadamard, "encoding");
    const encoding = encodings.create(chosen);
    await encodeData(prepared, { encoding, chosen, workers: 16, seed: 1 }, store);
    const seconds = (performance.now() - start) / 1e3;
    return { prepareSeconds, seconds, preparePeakMegabytes, peakMegabytes: mostSoFar() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (task === "write") write(path, Number(size));
if (task === "measure") console.log(JSON.stringify(await measure(path)));
