import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileCachePath } from "../../core/compile-cache.ts";
import { entryBeside } from "../../core/entries.ts";
import { hasCode } from "../../core/errors.ts";
import type { FunctionConfig } from "./function-config.ts";

/**
 * Of Node where a snapshot is taken, and where it is started from. Hash tables keep the seed that
 * they were built with: new ones for each process are against strangers' keys, of which an
 * environment hears none, and cost a tenth of its start.
 */
export const snapshotFlags: readonly string[] = ["--no-rehash-snapshot"];

/** How long whoever takes a snapshot is waited for before another one tries. */
const takingMs = 60_000;

/**
 * Where the snapshot of a function lies that this script loads: beside what Node has compiled, one
 * for each script and Node.
 */
export function snapshotPath(script: string): string {
  const { version, arch, platform } = process;
  const digest = createHash("sha256")
    .update(JSON.stringify([version, arch, platform, snapshotFlags]))
    .update(readFileSync(script));
  const name = `${basename(script, ".js")}-${digest.digest("hex").slice(0, 32)}.blob`;
  return join(compileCachePath(), "snapshots", name);
}

/** The snapshots of one function's environments. */
export interface Snapshots {
  /** One that the next environment can start from. */
  ready(): string | null;
  /** From which an environment did not start: none does any more. */
  refuse(path: string): void;
  /** Takes one in a process of its own, where it is wanted and there is none. */
  take(): void;
}

/** Variables under which Node would run other code, or none that it has kept. */
const excluding = ["NODE_OPTIONS", "NODE_DISABLE_COMPILE_CACHE"];

export function snapshotsOf(
  { snapshot: script, bootstrap }: FunctionConfig,
  variables: Readonly<Record<string, string>>,
): Snapshots {
  const isExcluded = excluding.some((name) => variables[name] !== undefined);
  if (script === undefined || bootstrap !== undefined || isExcluded || !existsSync(script))
    return { ready: () => null, refuse() {}, take() {} };
  const path = snapshotPath(script);
  return {
    ready: () => (existsSync(path) ? path : null),
    refuse() {
      try {
        renameSync(path, refusedPath(path));
      } catch (thrown) {
        // Another environment has met the same.
        if (!hasCode(thrown, "ENOENT")) throw thrown;
      }
    },
    take() {
      if (existsSync(path) || existsSync(refusedPath(path)) || isBeingTaken(path)) return;
      const taker = entryBeside(import.meta.url, "snapshot-taker");
      spawn(process.execPath, ["--no-warnings", fileURLToPath(taker), script, path], {
        cwd: dirname(script),
        stdio: "ignore",
        detached: true,
      })
        // Without it environments start as they did.
        .on("error", () => {})
        .unref();
    },
  };
}

/** In the place of a snapshot that cannot be taken, or that no environment starts from. */
export function refusedPath(path: string): string {
  return `${path}.refused`;
}

/** There while a snapshot is being taken. */
export function takingPath(path: string): string {
  return `${path}.taking`;
}

function isBeingTaken(path: string): boolean {
  const since = statSync(takingPath(path), { throwIfNoEntry: false })?.mtimeMs;
  return since !== undefined && Date.now() - since < takingMs;
}
