import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { median } from "./command.ts";
import { writeTable } from "./data-files.ts";

/** What of a whole command comes after its last round: evaluation of the curve, gap, files. */
export async function tailRow({
  folder,
  builds,
  megabytes,
  repetitions,
}: {
  readonly folder: string;
  /** Label and root of each build. */
  readonly builds: readonly (readonly [string, string])[];
  readonly megabytes: number;
  readonly repetitions: number;
}): Promise<object[]> {
  const path = join(folder, "tail.csv");
  await writeTable(path, { bytes: megabytes * 1e6, isClasses: true });
  const spec = join(folder, "tail.yaml");
  const written = {
    problem: { type: "logistic", l2: 0.001 },
    data: { source: path, target: "y" },
    ...{ workers: 2, wait: "all", encoding: "uncoded" },
    stop: { rounds: 500, tolerance: 1e-4 },
  };
  await writeFile(spec, JSON.stringify(written));
  const told = new Map(builds.map(([label]) => [label, [] as Tail[]]));
  for (let turn = 0; turn < repetitions; turn++)
    for (const [label, root] of builds) {
      const home = join(folder, `tail-${label.length}-${turn}`);
      told.get(label)!.push(await tailOf(root, spec, home));
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    }
  await rm(path);
  console.log(`\ntail: logistic, ${megabytes} MB, from the last round's end to the process's`);
  return [...told].map(([label, tails]) => {
    const seconds = median(tails.map(({ tailSeconds }) => tailSeconds));
    const share = median(tails.map((tail) => tail.tailSeconds / tail.wholeSeconds));
    console.log(`${label.padEnd(14)} ${seconds.toFixed(2)} s, ${(100 * share).toFixed(1)} %`);
    return { name: "tail", label, seconds, share };
  });
}

interface Tail {
  readonly tailSeconds: number;
  readonly wholeSeconds: number;
}

async function tailOf(root: string, spec: string, home: string): Promise<Tail> {
  const begun = performance.now();
  const command = [join(root, "dist/src/cli/main.js"), "run", spec, "--json"];
  const child = spawn(process.execPath, [...command, "--backend", "threads"], {
    env: { ...process.env, KOFN_HOME: home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let lastRound = Number.NaN;
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes('"type":"round"')) lastRound = performance.now();
  const code = await ended;
  if (code !== 0 || Number.isNaN(lastRound)) throw new Error(`${root}: exit ${code}, no rounds`);
  const now = performance.now();
  return { tailSeconds: (now - lastRound) / 1e3, wholeSeconds: (now - begun) / 1e3 };
}
