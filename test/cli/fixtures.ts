import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { runCli } from "../../src/cli/program.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import { entryPath } from "../entries.ts";

/** What a command line came to. */
export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** One command line in this process: quicker than a process of its own, the same function. */
export async function kofn(home: string, ...args: string[]): Promise<Ended> {
  return inProcess(home, args, () => false);
}

/** The same, and Ctrl-C is pressed once, when a line of standard output holds `pattern`. */
export async function kofnInterrupted(
  home: string,
  pattern: RegExp,
  ...args: string[]
): Promise<Ended> {
  return inProcess(home, args, (line) => pattern.test(line));
}

async function inProcess(
  home: string,
  args: readonly string[],
  isInterrupted: (line: string) => boolean,
): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const same = (text: string) => text;
  const listeners = new Set<() => void>();
  let isPressed = false;
  const terminal: Terminal = {
    out(line) {
      out.push(`${line}\n`);
      if (isPressed || !isInterrupted(line)) return;
      isPressed = true;
      for (const listener of listeners) listener();
    },
    err: (line) => void err.push(`${line}\n`),
    write: async (text) => void out.push(text),
    live: null,
    paint: { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same },
    home,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
  const exitCode = await runCli(args, terminal);
  return { exitCode, out: out.join(""), err: err.join("") };
}

export interface Place {
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * One command line in this process as it were in that folder, with these variables: an undefined
 * one is not set. Not for two at once.
 */
export async function kofnAt(
  { home, cwd, env }: Place & { readonly cwd: string },
  ...args: string[]
): Promise<Ended> {
  const before = process.cwd();
  try {
    for (const [name, value] of Object.entries(env ?? {})) vi.stubEnv(name, value);
    process.chdir(cwd);
    return await kofn(home, ...args);
  } finally {
    process.chdir(before);
    vi.unstubAllEnvs();
  }
}

const main = entryPath("main");

export interface Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard output and error together hold `pattern`. */
  says(pattern: RegExp): Promise<void>;
}

/** One command line in a process of its own. */
export function kofnProcess({ home, cwd, env }: Place, ...args: string[]): Spawned {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: {
      ...process.env,
      npm_lifecycle_event: "",
      ...env,
      KOFN_HOME: home,
      NO_COLOR: "1",
      KOFN_DEBUG: "",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) =>
      resolve({ exitCode: code ?? (signal === null ? -1 : -2), out, err }),
    );
  });
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      // A run may say much more, which nobody looks at any longer.
      const look = () => {
        if (!pattern.test(out + err)) return;
        child.stdout.off("data", look);
        child.stderr.off("data", look);
        resolve();
      };
      child.stdout.on("data", look);
      child.stderr.on("data", look);
      void ended.then(() => reject(new Error(`it ended without ${pattern}: ${out}${err}`)));
      look();
    });
  return { child, ended, says };
}

/** JSON lines as the values they hold; whatever is not JSON fails. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A folder of its own, and the way to take it away. */
export async function newFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "kofn-cli-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Every path below a folder. */
export async function contents(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

/** A small regression in YAML, quick to train. */
export const smallSpec = `
problem: { type: ridge, l2: 0.01 }
data: { generate: { type: regression, rows: 400, features: 5 }, target: y, test: 0.25 }
workers: 6
wait: { fastest: 4 }
encoding: { type: hadamard, redundancy: 2 }
optimizer: l-bfgs
stop: { rounds: 8, tolerance: 0 }
seed: 3
`;
