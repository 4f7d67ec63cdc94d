import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { handOver } from "../hand-over.ts";
import { writeTable } from "../whole/data-files.ts";
import { measureTree, type TreeFigures } from "./measure.ts";

/**
 * Whole commands at more and more rows, and at more and more workers, on every backend: processor
 * seconds and memory of all processes. Fails where processor time grows faster than its cause by
 * more than a tenth between the larger sizes, or the orchestrating process's memory with the rows.
 * `--rows 1,2,4,8` times `--megabytes 20`; `--workers 4,16,64,256`; `--backends threads,simulated`.
 */
const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "20" },
    rows: { type: "string", default: "1,2,4,8" },
    workers: { type: "string", default: "4,16,64,256" },
    backends: { type: "string", default: "threads,simulated,emulated" },
    rounds: { type: "string", default: "20" },
  },
});
const numbers = (text: string) => text.split(",").filter(Boolean).map(Number);
const backends = values.backends.split(",");
/** Processor time may grow so much more than its cause. */
const overMax = 1.1;
/** And the orchestrating process's memory with the rows, between the two largest. */
const memoryMax = 1.15;
/** Of the larger sizes: below, what does not grow at all is most of it. */
const comparedCount = 2;
const usualWorkers = 4;
const workersMegabytes = 8;

interface Point {
  readonly axis: "rows" | "workers";
  readonly backend: string;
  readonly size: number;
  readonly figures: TreeFigures;
}

const cli = join(import.meta.dirname, "../../dist/src/cli/main.js");
const folder = await mkdtemp(join(tmpdir(), "kofn-growth-"));
const points: Point[] = [];
try {
  for (const times of numbers(values.rows)) {
    const path = await table(times * Number(values.megabytes));
    for (const backend of backends)
      points.push(await measured("rows", backend, times, usualWorkers, path));
    await rm(path);
  }
  const path = await table(workersMegabytes);
  for (const workers of numbers(values.workers))
    for (const backend of backends)
      points.push(await measured("workers", backend, workers, workers, path));
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
const growth = (["rows", "workers"] as const).flatMap((axis) =>
  backends.flatMap((backend) => growthOf(axis, backend)),
);
handOver({ bench: "growth", megabytes: Number(values.megabytes), points, growth });

async function table(megabytes: number): Promise<string> {
  const path = join(folder, "table.csv");
  await writeTable(path, { bytes: megabytes * 1e6, isClasses: false });
  return path;
}

async function measured(
  axis: Point["axis"],
  backend: string,
  size: number,
  workers: number,
  path: string,
): Promise<Point> {
  const [spec, home] = [join(folder, "growth.yaml"), join(folder, "home")];
  const written = {
    problem: { type: "ridge", l2: 0.001 },
    data: { source: path, target: "y" },
    workers,
    wait: { fastest: Math.ceil(0.75 * workers) },
    optimizer: "gradient-descent",
    stop: { rounds: Number(values.rounds), tolerance: 0 },
    weather: { model: "calm" },
  };
  await writeFile(spec, JSON.stringify(written));
  const command = [process.execPath, cli, "run", spec, "--backend", backend, "--json"];
  const figures = await measureTree(command, { KOFN_HOME: home });
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  tell({ axis, backend, size, figures });
  return { axis, backend, size, figures };
}

function tell({ axis, backend, size, figures }: Point): void {
  const { seconds, processorSeconds, peakMegabytes, ...own } = figures;
  const name = axis === "rows" ? `${size * Number(values.megabytes)} MB` : `${size} workers`;
  console.log(
    `${name.padEnd(12)} ${backend.padEnd(10)}` +
      `${processorSeconds.toFixed(2).padStart(7)} processor s` +
      `${seconds.toFixed(2).padStart(8)} s${peakMegabytes.toFixed(0).padStart(7)} MB in all` +
      `${own.firstMegabytes.toFixed(0).padStart(6)} MB the first process` +
      `${own.workerMegabytes.toFixed(0).padStart(6)} MB the largest worker`,
  );
}

/** Exponents between neighbouring sizes; those of the larger ones are held to about 1. */
function growthOf(axis: Point["axis"], backend: string): object[] {
  const some = points.filter((one) => one.axis === axis && one.backend === backend);
  return some.slice(1).map((to, i) => {
    const from = some[i]!;
    const cause = to.size / from.size;
    const processor = to.figures.processorSeconds / from.figures.processorSeconds;
    const isCompared = i + 1 >= some.length - comparedCount;
    const memory = to.figures.firstMegabytes / from.figures.firstMegabytes;
    // Where workers are processes of their own, rows are theirs alone.
    const isFlat = axis !== "rows" || backend !== "emulated" || memory <= memoryMax;
    const isLast = i + 2 === some.length;
    const isAbove = isCompared && processor > overMax * cause;
    if (isLast && !isFlat) console.log("  MEMORY GROWS with the rows in the orchestrating process");
    if (isLast && !isFlat) process.exitCode = 1;
    const exponent = Math.log(processor) / Math.log(cause);
    const sizes = `${axis} x ${to.size} over x ${from.size}`;
    console.log(
      `${backend.padEnd(10)} ${sizes.padEnd(26)} processor time ${processor.toFixed(2)}x, ` +
        `exponent ${exponent.toFixed(2)}${isAbove ? "  ABOVE LINEAR" : ""}`,
    );
    if (isAbove) process.exitCode = 1;
    const sizesOf = { axis, backend, from: from.size, to: to.size };
    return { ...sizesOf, processor, exponent, isAbove, memory, isFlat };
  });
}
