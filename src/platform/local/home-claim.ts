import { constants, existsSync, readdirSync } from "node:fs";
import { access, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RunError } from "../../core/errors.ts";
import { makeOwnFolder } from "../../core/own-files.ts";
import { lockHolder, takeProcessLock } from "../../core/process-lock.ts";
import { type RunHome, readHome, servedBy } from "./home.ts";

/** Another process may only be reading; one that trains stays longer than this. */
const patienceMs = 3_000;
const pauseMs = 100;

/** The right to fill a home folder, until it holds something worth keeping. */
export interface HomeClaim {
  /** Removes the folder if it was not there before. */
  abandon(): Promise<void>;
}

/** Makes sure that this process may write to a home folder. Throws `RunError` otherwise. */
export async function claimHome(path: string): Promise<HomeClaim> {
  const wasThere = existsSync(path);
  try {
    makeOwnFolder(path);
    await access(path, constants.W_OK);
    if (!(await stat(path)).isDirectory()) throw new Error("it is not a folder");
  } catch (cause) {
    throw new RunError("home-unwritable", `${path}: cannot keep runs here: ${messageOf(cause)}`, {
      hint: "set KOFN_HOME to a folder this user may write to",
      cause,
    });
  }
  return {
    async abandon() {
      if (!wasThere) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Opens the home's own server once no other process serves it. */
export async function serveAlone<T>(path: string, open: () => Promise<T>): Promise<T> {
  return patiently(path, async () => ((await servedBy(path)) === null ? open() : undefined));
}

/** Opens something over a home's store, also beside others that work there. */
export async function serveTogether<T>(path: string, open: () => Promise<T>): Promise<T> {
  return patiently(path, open);
}

/**
 * Opens a home's emulator, which must hear of every change: the one that serves it already, or one
 * that is started once no run is at work on the home's files. `release` once it is closed again.
 */
export async function serveEmulated<T>(
  path: string,
  run: string,
  open: () => Promise<T>,
): Promise<{ readonly opened: T; release(): void }> {
  const file = emulatedLock(path, run);
  makeOwnFolder(dirname(file));
  const lock = takeProcessLock(file);
  const release = () => void ("release" in lock && lock.release());
  try {
    const opened = await patiently(path, async () => {
      const server = await servedBy(path);
      const isOpen = server === "emulator" || (server === null && filesAreFree(path, run));
      return isOpen ? open() : undefined;
    });
    return { opened, release };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** Whether no other run is at work but those that ask an emulator. */
function filesAreFree(path: string, run: string): boolean {
  const folder = join(path, "working");
  if (!existsSync(folder)) return true;
  const runs = readdirSync(folder).flatMap((name) => /^([a-z0-9-]+)\.lock$/.exec(name)?.[1] ?? []);
  return !runs.some(
    (other) =>
      other !== run && isWorkedOn(path, other) && lockHolder(emulatedLock(path, other)) === null,
  );
}

/** Where a run shows that it works by the home's emulator. */
function emulatedLock(path: string, run: string): string {
  return join(path, "emulated", `${run}.lock`);
}

/** Opens a home's store for reading, whoever serves it. */
export async function lookInto(path: string): Promise<RunHome> {
  return patiently(path, () => readHome(path));
}

/** Where the process that works on a run shows that it does. */
function runLock(path: string, run: string): string {
  return join(path, "working", `${run}.lock`);
}

/** Whether a process of this machine works on a run. */
export function isWorkedOn(path: string, run: string): boolean {
  return lockHolder(runLock(path, run)) !== null;
}

/** Calls `work` as the only process that works on a run. Throws `RunError` where another does. */
export async function workingAlone<T>(
  path: string,
  run: string,
  work: () => Promise<T>,
): Promise<T> {
  const file = runLock(path, run);
  makeOwnFolder(dirname(file));
  const taken = takeProcessLock(file);
  if (!("release" in taken)) {
    throw new RunError("run-is-live", `${run} is running in process ${taken.heldBy} (${file})`, {
      hint: `kofn watch ${run} follows it, kofn cancel ${run} stops it`,
    });
  }
  try {
    return await work();
  } finally {
    taken.release();
  }
}

async function patiently<T>(path: string, open: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + patienceMs; ; await sleep(pauseMs)) {
    try {
      const opened = await open();
      if (opened !== undefined) return opened;
    } catch (thrown) {
      if (!(thrown instanceof RunError) || thrown.code !== "root-in-use") throw thrown;
    }
    if (performance.now() < endMs) continue;
    throw new RunError("home-in-use", `${path}: another kofn process works in this home`, {
      hint: "wait until it is done (kofn watch latest), or set KOFN_HOME to another folder",
    });
  }
}
