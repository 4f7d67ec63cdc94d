import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { figuresVariable } from "../hand-over.ts";
import type { Figures, Job, JobOptions, Told } from "./line.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Runs a bench, and the one of the build before where it had it, each in a process of its own. What
 * they print is printed; a bench that fails hands nothing over.
 */
export async function runJob(job: Job, options: JobOptions): Promise<Told> {
  const folder = mkdtempSync(join(tmpdir(), "kofn-table-"));
  try {
    const { script } = job;
    const now = await figuresOf(root, job.arguments(options), join(folder, "now.jsonl"), script);
    const asked = options.before === null ? undefined : job.before?.(options);
    if (options.before === null || asked === undefined) return { now, before: null };
    return { now, before: await figuresOf(options.before, asked, join(folder, "before.jsonl")) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function figuresOf(
  checkout: string,
  words: readonly string[],
  told: string,
  script = "bench/run.ts",
): Promise<Figures | null> {
  const asked = ["node", script, ...words].join(" ");
  console.log(`\n${checkout === root ? "now" : "before"}: ${asked}`);
  const child = spawn(process.execPath, [resolve(checkout, script), ...words], {
    cwd: checkout,
    env: { ...process.env, [figuresVariable]: told },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith("{")) last = line;
    else console.log(`  ${line}`);
  }
  const code = await ended;
  if (code !== 0) console.log(`  ended with ${code}`);
  return parsed(handedOver(told) ?? last);
}

/** The last line of the file of figures; a build before may only print it. */
function handedOver(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim().split("\n").at(-1)!;
  } catch {
    return null;
  }
}

function parsed(line: string): Figures | null {
  try {
    return JSON.parse(line) as Figures;
  } catch {
    return null;
  }
}
