import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const cli = new URL("../../dist/src/cli/main.js", import.meta.url).pathname;

/** From the start of `kofn run` to the end of its first round, every environment cold. */
export async function firstRounds(backend: string, repetitions: number): Promise<number[]> {
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
  const times: number[] = [];
  for (let i = 0; i < repetitions; i++) times.push(await once(spec, backend, folder));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  return times;
}

async function once(spec: string, backend: string, folder: string): Promise<number> {
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
  // A build of another day may not understand the functions' bundles of today.
  if (Number.isNaN(firstMs))
    throw new Error(`${backend}: no round ended; npm run build, then again`);
  return firstMs;
}
