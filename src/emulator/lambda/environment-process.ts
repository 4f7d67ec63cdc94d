import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FunctionConfig } from "./function-config.ts";
import { keepingMemory } from "./processes.ts";
import { snapshotFlags } from "./snapshots.ts";

export interface ProcessOptions {
  readonly name: string;
  readonly config: FunctionConfig;
  readonly variables: Readonly<Record<string, string>>;
  readonly onOutput?: ((text: string) => void) | undefined;
}

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
const below = extension === "ts" ? "../../../dist/functions-bundled" : "../../../functions-bundled";
const runtime = [`${below}/runtime/runtime.mjs`, `../runtime/main.${extension}`]
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path))!;

/**
 * Starts the process of an environment, whose Runtime API is at `port`: from a snapshot of its
 * function, or from the bundle where that is null.
 */
export function spawnRuntime(
  { config, variables }: ProcessOptions,
  port: number,
  onOutput: (text: string) => void,
  snapshot: string | null,
): ChildProcess {
  const heapMb = Math.floor(config.memoryMb * 0.9);
  const code = snapshot === null ? [runtime] : [...snapshotFlags, "--snapshot-blob", snapshot];
  const own = [process.execPath, `--max-old-space-size=${heapMb}`, "--no-warnings", ...code];
  const [command, ...parameters] = config.bootstrap ?? own;
  const child = spawn(command!, parameters, {
    cwd: config.directory,
    // A group of its own, which can be ended as a whole and hears no interrupt of the terminal's.
    detached: process.platform !== "win32",
    env: {
      ...keepingMemory,
      AWS_LAMBDA_LOG_STREAM_NAME: logStream(),
      ...variables,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
    },
    stdio: ["ignore", "pipe", "pipe", ...(config.bootstrap ? [] : (["ipc"] as const))],
  });
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8");
    stream.on("data", onOutput);
  }
  return child;
}

/** One an environment, named as on Lambda; runtimes refuse to start without. */
function logStream(): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/[$LATEST]${randomUUID().replaceAll("-", "")}`;
}

/** Ends the process and whatever it has started. */
export function killGroup(child: ChildProcess): void {
  if (process.platform === "win32" || child.pid === undefined) return void child.kill("SIGKILL");
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (thrown) {
    // Nothing of the group is left.
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}
