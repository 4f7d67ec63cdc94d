import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RunError } from "../../core/errors.ts";
import { makeOwnFolder, ownFile } from "../../core/own-files.ts";
import { isRootHeld, lockRoot } from "../../emulator/s3/root-lock.ts";
import type { Store } from "../../ports/store.ts";
import { folderStore } from "./folder-store.ts";
import { bucket, homePath } from "./paths.ts";

/** The local store: its files, or the server of another process that has them. */
export interface RunHome {
  readonly path: string;
  readonly store: Store;
  /** Another process has the store: a run is going on there. */
  readonly isLive: boolean;
  close(): Promise<void>;
}

const lockRetryMs = 50;
const lockPatienceMs = 1_500;

type Environment = Readonly<Record<string, string>>;

/**
 * Opens the store for a run: through the process that has it, or for this one alone. Throws
 * `RunError("root-in-use")` where another process has it that says nothing of itself.
 */
export async function openHome(path: string = homePath()): Promise<RunHome> {
  const store = storeIn(path);
  let release: (() => void) | undefined;
  for (let waitedMs = 0; release === undefined; waitedMs += lockRetryMs) {
    const served = await announced(path);
    if (served !== null) return joined(path, served);
    release = lockIfFree(path, waitedMs);
    // Who has it may be about to say so, or to let go of it.
    if (release === undefined) await sleep(lockRetryMs);
  }
  const held = release;
  const withdraw = await announce(path, {});
  return {
    path,
    store,
    isLive: false,
    async close() {
      await withdraw();
      held();
    },
  };
}

function lockIfFree(path: string, waitedMs: number): (() => void) | undefined {
  try {
    return lockRoot(rootOf(path));
  } catch (thrown) {
    const isInUse = thrown instanceof RunError && thrown.code === "root-in-use";
    if (!isInUse || waitedMs >= lockPatienceMs) throw thrown;
    return undefined;
  }
}

/** Opens the store to look into it, whoever has it: nobody is kept from it meanwhile. */
export async function readHome(path: string): Promise<RunHome> {
  const served = await announced(path);
  if (served !== null) return joined(path, served);
  return { path, store: storeIn(path), isLive: false, close: async () => {} };
}

/** A home's store by its files, for a process or a thread that may use it. */
export function storeIn(path: string): Store {
  return folderStore(rootOf(path), bucket);
}

/** What serves this home, in this process or another: an emulator, or runs over its files. */
export async function servedBy(path: string): Promise<"emulator" | "files" | null> {
  const environment = await announced(path);
  if (environment === null) return null;
  return endpointOf(environment) === null ? "files" : "emulator";
}

/**
 * Tells other processes of this home who has its store, and the address of the server where there
 * is one. Returns how to withdraw it.
 */
async function announce(path: string, environment: Environment): Promise<() => Promise<void>> {
  const file = join(path, "emulator.json");
  makeOwnFolder(path);
  // A file that is there keeps its mode.
  await rm(file, { force: true });
  await writeFile(file, JSON.stringify({ pid: process.pid, environment }), { mode: ownFile });
  return () => rm(file, { force: true });
}

function rootOf(path: string): string {
  return join(path, "s3");
}

/** A store with an index of its own must hear of every change: it is asked, not its files. */
async function joined(path: string, environment: Environment): Promise<RunHome> {
  const close = async () => {};
  if (endpointOf(environment) === null) return { path, store: storeIn(path), isLive: true, close };
  const { accessTo, storeAt } = await import("./s3-access.ts");
  return { path, store: storeAt(accessTo(environment)), isLive: true, close };
}

function endpointOf({ AWS_ENDPOINT_URL_S3: endpoint = "" }: Environment): string | null {
  return endpoint === "" ? null : endpoint;
}

/** What the process that has this home told of itself, or null where none has it. */
async function announced(path: string): Promise<Environment | null> {
  try {
    const text = await readFile(join(path, "emulator.json"), "utf8");
    const { environment } = JSON.parse(text) as { environment: Environment };
    // What answers at an address that a killed process left may be any program.
    if (!isRootHeld(rootOf(path))) return null;
    if (endpointOf(environment) === null) return environment;
    const { isServing } = await import("./s3-access.ts");
    return (await isServing(environment)) ? environment : null;
  } catch {
    // An absent or damaged file, or one of a killed process: nobody has the home.
    return null;
  }
}
