import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** From the start of `kofn run` to the end of its first round, every environment cold. */
const runs = 5;
const cli = new URL("../../dist/src/cli/main.js", import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "kofn-bench-"));
const spec = join(folder, "run.yaml");
await writeFile(
  spec,
  [
    "problem: ridge",
    "data: { generate: { type: regression, rows: 2000, features: 20 } }",
    "workers: 8",
    "wait: all",
    "optimizer: gradient-descent",
    "stop: { rounds: 2, tolerance: 0 }",
    "weather: { model: calm }",
  ].join("\n"),
);

async function once(backend: string): Promise<number> {
  const home = await mkdtemp(join(folder, "home-"));
  const begunMs = performance.now();
  const child = spawn(process.execPath, [cli, "run", spec, "--backend", backend, "--json"], {
    env: { ...process.env, KOFN_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let firstMs = Number.NaN;
  for await (const line of createInterface({ input: child.stdout }))
    if (Number.isNaN(firstMs) && line.includes('"type":"round"'))
      firstMs = performance.now() - begunMs;
  return firstMs;
}

const figures: Record<string, number> = {};
for (const backend of ["emulated", "threads", "simulated"]) {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await once(backend));
  times.sort((a, b) => a - b);
  figures[`${backend}Ms`] = times[runs >> 1]!;
  console.log(
    `${backend.padEnd(10)} ${times[runs >> 1]!.toFixed(0).padStart(6)} ms to the first round's end`,
  );
}
await rm(folder, { recursive: true, force: true, maxRetries: 5 });
console.log(JSON.stringify({ bench: "startup", ...figures }));
