import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundleFolder } from "../../src/platform/local/paths.ts";
import { handOver } from "../hand-over.ts";
import { firstReplies, takeSnapshots } from "./first-reply.ts";
import { firstRounds } from "./first-round.ts";
import { loadTimes, zipBytes } from "./load.ts";

/**
 * Cold starts: what the worker's bundle weighs and takes to load, beside a handler that does
 * nothing; a cold worker's first reply; `kofn run` until its first round has ended. More folders
 * with a `worker.mjs` may be named, to compare builds. `--repetitions 15`, `--runs 5`.
 */
const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { repetitions: { type: "string" }, runs: { type: "string" } },
});
const repetitions = Number(values.repetitions ?? 15);
const runs = Number(values.runs ?? 5);
const folders = [await bundleFolder("worker"), ...positionals.map((path) => resolve(path))];
const figures: Record<string, number> = {};

const empty = await mkdtemp(join(tmpdir(), "kofn-bench-"));
await writeFile(join(empty, "worker.mjs"), "export const handler = async () => {};\n");
const places = [empty, ...folders];
const loads = loadTimes(
  places.map((folder) => join(folder, "worker.mjs")),
  repetitions,
);
await rm(empty, { recursive: true });
console.log(`load, ${repetitions} each by turns      wall ms: median  best   cpu ms: median  best`);
for (const [i, { wallMs, cpuMs }] of loads.entries()) {
  const name = nameOf(i - 1);
  console.log(`${name.padEnd(34)}${pair(wallMs).padEnd(23)}${pair(cpuMs)}`);
  Object.assign(figures, {
    [`${name} loadWallMs`]: median(wallMs),
    [`${name} loadCpuMs`]: median(cpuMs),
    [`${name} loadCpuBestMs`]: Math.min(...cpuMs),
  });
}
await takeSnapshots(folders);
const cached = await firstReplies(folders, repetitions, true);
for (const [i, { wallMs: times }] of (await firstReplies(folders, repetitions, false)).entries()) {
  const [name, bytes] = [nameOf(i), zipBytes(folders[i]!)];
  console.log(
    `${name}: first reply of a cold environment, median and best ms ${pair(times)}; ` +
      `zip ${(bytes / 1000).toFixed(0)} KB`,
  );
  const { processorMs } = cached[i]!;
  console.log(
    `${name}: processor ms of such an environment from a snapshot, as emulated runs have: ` +
      pair(processorMs),
  );
  Object.assign(figures, {
    [`${name} firstReplyMs`]: median(times),
    [`${name} firstReplyBestMs`]: Math.min(...times),
    [`${name} zipBytes`]: bytes,
    [`${name} coldProcessorMs`]: median(processorMs),
  });
}
for (const backend of runs > 0 ? ["emulated", "threads", "simulated"] : []) {
  const times = await firstRounds(backend, runs);
  figures[`${backend}Ms`] = median(times);
  console.log(`${backend.padEnd(10)} ${pair(times)} ms to the first round's end, median and best`);
}
handOver({ bench: "startup", ...figures });

function nameOf(index: number): string {
  if (index < 0) return "empty";
  return index === 0 ? "worker" : positionals[index - 1]!;
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

function pair(times: readonly number[]): string {
  return `${median(times).toFixed(1).padStart(13)} ${Math.min(...times)
    .toFixed(1)
    .padStart(7)}`;
}
