import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateRawSync } from "node:zlib";
import { leftoversIn } from "../../scripts/replace-files.ts";

export interface Times {
  readonly wallMs: number[];
  readonly cpuMs: number[];
}

/** What a function's runtime does before its first event, timed in a process of its own. */
const probe = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler };
  const used = process.cpuUsage();
  const begunMs = performance.now();
  await import(process.env.BUNDLE);
  const wallMs = performance.now() - begunMs;
  const { user, system } = process.cpuUsage(used);
  console.log(JSON.stringify({ wallMs, cpuMs: (user + system) / 1000 }));
  process.exit();
`;

/** Loads each bundle again and again, by turns, so that what else the machine does meets all. */
export function loadTimes(files: readonly string[], repetitions: number): Times[] {
  const all = files.map((): Times => ({ wallMs: [], cpuMs: [] }));
  for (let i = 0; i < repetitions; i++)
    for (const [j, file] of files.entries()) {
      const { wallMs, cpuMs } = load(file);
      all[j]!.wallMs.push(wallMs);
      all[j]!.cpuMs.push(cpuMs);
    }
  return all;
}

function load(file: string): { wallMs: number; cpuMs: number } {
  const lambda = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
  const env = { PATH: process.env.PATH, BUNDLE: pathToFileURL(file).href, ...lambda };
  const parameters = ["--input-type=module", "--eval", probe];
  return JSON.parse(execFileSync(process.execPath, parameters, { env, encoding: "utf8" }));
}

/**
 * What a zip of the folder takes: each file compressed, its two headers, and the end's. Files that
 * an earlier build left there are no part of it.
 */
export function zipBytes(folder: string): number {
  const old = leftoversIn(folder);
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && !old.has(join(folder, entry.name)),
  );
  const sizes = files.map(({ name }) => {
    const content = deflateRawSync(readFileSync(join(folder, name)), { level: 9 });
    return content.length + 30 + 46 + 2 * Buffer.byteLength(name);
  });
  return sizes.reduce((sum, bytes) => sum + bytes, 22);
}
