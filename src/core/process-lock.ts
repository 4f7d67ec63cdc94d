import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { ownFile } from "./own-files.ts";

/** Who holds a lock file: a process, told from a later one of the same number by its start. */
interface Holder {
  readonly pid: number;
  /** When it started, in the system's own words; empty where the system does not say. */
  readonly started: string;
  /** The numbering that `pid` is of: containers have one each. */
  readonly space: string;
}

export interface ProcessLock {
  release(): void;
}

/** A holder in another container shows that it lives by touching its file as often as this. */
const touchMs = 1_000;
const touchedMsMax = 500;
const looksMax = 10;

const heldHere = new Set<string>();

/**
 * Takes a lock file for as long as this process lives, or returns the number of the process that
 * has it. A file that a dead process left counts for nothing, also when its number is another
 * process's by now.
 */
export function takeProcessLock(path: string): ProcessLock | { readonly heldBy: number } {
  if (heldHere.has(path)) return { heldBy: process.pid };
  const text = textOf(path);
  const holder = liveHolder(path, text);
  if (holder !== null) return { heldBy: holder };
  if (text !== null) putAside(path, text);
  if (!place(path)) return { heldBy: lockHolder(path) ?? 0 };
  heldHere.add(path);
  const touching = setInterval(() => touch(path), touchMs);
  touching.unref();
  return {
    release() {
      clearInterval(touching);
      if (heldHere.delete(path)) rmSync(path, { force: true });
    },
  };
}

/** The process that holds a lock file, this one included; null where none does. */
export function lockHolder(path: string): number | null {
  return heldHere.has(path) ? process.pid : liveHolder(path, textOf(path));
}

/** Writes the file whole, unless one is there: false then. */
function place(path: string): boolean {
  const unfinished = `${path}.${randomUUID()}`;
  writeFileSync(unfinished, JSON.stringify(self()), { flag: "wx", mode: ownFile });
  try {
    linkSync(unfinished, path);
    return true;
  } catch (thrown) {
    if (codeOf(thrown) === "EEXIST") return false;
    throw thrown;
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** Takes a dead process's file away; puts back one that somebody wrote in the meantime. */
function putAside(path: string, dead: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, "utf8") !== dead) linkSync(aside, path);
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT" && codeOf(thrown) !== "EEXIST") throw thrown;
  } finally {
    rmSync(aside, { force: true });
  }
}

function liveHolder(path: string, text: string | null): number | null {
  const holder = text === null ? null : holderIn(text);
  if (holder === null) return null;
  if (holder.space !== self().space) return isTouched(path) ? holder.pid : null;
  if (holder.pid === process.pid) return null;
  if (!isAlive(holder.pid)) return null;
  const started = startOf(holder.pid);
  return started === holder.started || started === "" || holder.started === "" ? holder.pid : null;
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return null;
    throw thrown;
  }
}

/** Null for a file that was never finished. */
function holderIn(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    // Earlier versions wrote the number alone.
    if (typeof value === "number") return { pid: value, started: "", space: self().space };
    const { pid, started, space } = value as Partial<Holder>;
    if (typeof pid === "number" && typeof started === "string" && typeof space === "string")
      return { pid, started, space };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
  }
  return null;
}

let known: Holder | undefined;

function self(): Holder {
  known ??= { pid: process.pid, started: startOf(process.pid), space: pidSpace() };
  return known;
}

/** Where there are no containers, one numbering for all. */
function pidSpace(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

/** When a process started, as Linux or `ps` tells it; empty where neither does. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, which may hold anything, is the last thing in parentheses.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return process.platform === "linux" ? "" : startByPs(pid);
  }
}

function startByPs(pid: number): string {
  try {
    const asked = ["-o", "lstart=", "-p", String(pid)];
    return execFileSync("ps", asked, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch (thrown) {
    // Its folder was removed: nobody can meet there any more.
    if (codeOf(thrown) !== "ENOENT") throw thrown;
  }
}

/** By whether it is touched again, as the time of day may have been set meanwhile. */
function isTouched(path: string): boolean {
  try {
    const firstMs = statSync(path).mtimeMs;
    if (Math.abs(Date.now() - firstMs) < touchedMsMax) return true;
    for (let look = 0; look < looksMax; look++) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, touchMs / 4);
      if (statSync(path).mtimeMs !== firstMs) return true;
    }
    return false;
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT") return false;
    throw thrown;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EPERM";
  }
}

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}
